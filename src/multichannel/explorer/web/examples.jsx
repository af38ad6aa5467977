import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";

import source from "./examples.graphql?raw";

const FIRST_CUSTOMER = "{ customers(first: 1) { nodes { id } } }";
const NO_CUSTOMER = "customer_00000000-0000-0000-0000-000000000000";

/** The operations of examples.graphql; the comment above each is its title and, on further lines, its description. */
export const EXAMPLES = source.trim().split(/\n\n(?=# )/).map((query) => {
  const [title, ...description] = query.match(/^# .*/gm).map((line) => line.slice(2));
  return { title, description: description.join(" "), query, asksForCustomer: query.includes("$id") };
});

/** The query and variables of a tab with an example. */
export function tabFor({ query, asksForCustomer }, customer = NO_CUSTOMER) {
  const variables = asksForCustomer ? JSON.stringify({ id: customer }, null, 2) : "";
  return { query, variables };
}

/** The id of the first customer that the caller can see, for the examples that take an id. */
async function firstCustomer(fetcher) {
  try {
    const { data } = await fetcher({ query: FIRST_CUSTOMER });
    return data.customers.nodes[0].id;
  } catch {
    return NO_CUSTOMER;
  }
}

function ExamplesPanel() {
  const { fetcher, queryEditor, variableEditor, tabs } = useGraphiQL(
    pick("fetcher", "queryEditor", "variableEditor", "tabs"),
  );
  const { addTab, changeTab } = useGraphiQLActions();

  async function open(example) {
    const tab = tabFor(example, example.asksForCustomer ? await firstCustomer(fetcher) : undefined);
    const opened = tabs.findIndex(({ query }) => query === tab.query);
    if (opened === -1) addTab();
    else changeTab(opened);
    queryEditor.setValue(tab.query);
    variableEditor.setValue(tab.variables);
  }

  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p>Open an example, run it, then run it again as another persona.</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" disabled={!queryEditor || !variableEditor} onClick={() => open(example)}>
              <strong>{example.title}</strong>
              <span>{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ExamplesIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 3.5h9l3 3v10H4zM7 8h6M7 11h6M7 14h3" strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}

export const EXAMPLES_PANEL = { title: "Examples", icon: ExamplesIcon, content: ExamplesPanel };
