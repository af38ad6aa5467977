// Runs the GraphQL over HTTP audits against a server, and prints what they found as JSON.
import { auditServer } from "graphql-http";
import { getIntrospectionQuery } from "graphql";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, init) => {
  const headers = new Headers(init?.headers);
  if (token) headers.set("authorization", `Bearer ${token}`);
  return fetch(address, { ...init, headers });
};
const results = await auditServer({ url, fetchFn });
const audits = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
const introspectionQuery = getIntrospectionQuery({
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
});
console.log(JSON.stringify({ audits, introspectionQuery }));
