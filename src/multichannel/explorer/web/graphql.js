/** The token is missing, invalid or expired, or nobody knows its user. */
export class Unauthenticated extends Error {}

/** The data that the service answers; Unauthenticated, or an Error with the reason. */
export async function ask(token, query, variables = {}) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  const error = errors?.[0];
  if (error?.extensions?.code === "UNAUTHENTICATED") {
    throw new Unauthenticated(error.message);
  }
  if (!data) {
    throw new Error(error?.message ?? `The service answered ${answer.status}.`);
  }
  return data;
}
