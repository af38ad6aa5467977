import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";

import source from "./examples.graphql?raw";

const FIRST_CUSTOMER = "{ customers(first: 1) { nodes { id } } }";
const NO_CUSTOMER = "customer_00000000-0000-0000-0000-000000000000";

/** Each operation of examples.graphql; the comment above it is a title and, on further lines, what it shows. */
export const EXAMPLES = source.trim().split(/\n\n(?=# )/).map((query) => {
  const [title, ...shows] = query.match(/^# .*/gm).map((line) => line.slice(2));
  return { title, shows: shows.join(" "), query, asksForCustomer: query.includes("$id") };
});

/** What a tab holds for an example. */
export function tabFor({ query, asksForCustomer }, customer = NO_CUSTOMER) {
  const variables = asksForCustomer ? JSON.stringify({ id: customer }, null, 2) : "";
  return { query, variables };
}

/** The first customer the present caller sees, so that an example that takes an id has one that means something. */
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
      <p>Open one, run it, then change who is asking and run it again.</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" disabled={!queryEditor || !variableEditor} onClick={() => open(example)}>
              <strong>{example.title}</strong>
              <span>{example.shows}</span>
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
