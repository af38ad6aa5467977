import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { getOperationAST, parse } from "graphql";
import { useEffect, useMemo, useState } from "react";

import { EXAMPLES, EXAMPLES_PANEL, Personas, tabFor } from "./examples";
import { waysToSignIn } from "./session";
import { PersonaPicker, SignIn, TokenField } from "./sign-in";

/** The query and variables of a link to this page, `?query=…&variables=…`; they are filled in, not run. */
const LINKED = linked(new URLSearchParams(location.search));

const PANELS = [EXAMPLES_PANEL, HISTORY_PLUGIN];
const FIRST_TAB = [LINKED ?? tabFor(EXAMPLES[0])];

// Small windows start without the panel and the tools.
const FIRST_PANEL = matchMedia("(min-width: 1000px)").matches ? EXAMPLES_PANEL : undefined;
const FIRST_TOOL = matchMedia("(min-height: 700px)").matches ? "variables" : false;

/** GraphiQL under a sign-in bar; the token is kept in this component and nowhere else. */
export function Explorer() {
  const { personas, session, problem } = useWaysToSignIn();
  // Undefined until the bar has set it, so that no request is sent without a token before that.
  const [token, setToken] = useState();
  const fetcher = useMemo(() => fetcherFor(token), [token]);
  const [chosen, actAs] = useState();
  const choice = useMemo(() => ({ personas: personas ?? [], actAs }), [personas]);

  return (
    <Personas value={choice}>
      <header className="bar">
        <img src={new URL("./icon.svg", import.meta.url).href} alt="" />
        <h1>
          Multichannel <span>explorer</span>
        </h1>
        {personas?.length > 0 && (
          <PersonaPicker
            personas={personas}
            chosen={chosen ?? personas[0].persona}
            onChoose={actAs}
            onToken={setToken}
          />
        )}
        {session && <SignIn session={session} onToken={setToken} />}
        {personas?.length === 0 && !session && <TokenField onToken={setToken} />}
        {problem && <span role="alert">{problem}</span>}
      </header>
      {token !== undefined && (
        <GraphiQL
          fetcher={fetcher}
          plugins={PANELS}
          visiblePlugin={FIRST_PANEL}
          defaultTabs={FIRST_TAB}
          initialQuery={LINKED?.query}
          initialVariables={LINKED?.variables}
          defaultEditorToolsVisibility={FIRST_TOOL}
          isHeadersEditorEnabled={false}
          shouldPersistHeaders={false}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
        </GraphiQL>
      )}
    </Personas>
  );
}

/** The ways to sign in; an empty object until they are known. */
function useWaysToSignIn() {
  const [ways, setWays] = useState({});
  useEffect(() => {
    waysToSignIn()
      .catch(() => ({ personas: [], problem: "Sign-in is not available: reload the page." }))
      .then(setWays);
  }, []);
  return ways;
}

function fetcherFor(token) {
  const fetcher = createGraphiQLFetcher({
    url: "/graphql",
    headers: token ? { authorization: `Bearer ${token}` } : {},
    enableIncrementalDelivery: false,
  });
  return (request, options) => fetcher({ ...request, operationName: operationNameOf(request) }, options);
}

/** The name of the operation to run, if the document has it: GraphiQL updates the name after the document. */
function operationNameOf({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.name?.value;
  } catch {
    return undefined; // The service tells what is wrong with the document.
  }
}

function linked(parameters) {
  const query = parameters.get("query");
  return query ? { query, variables: indented(parameters.get("variables") ?? "") } : undefined;
}

/** Indented JSON, for people to fill in; text that is not JSON stays as it is. */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
