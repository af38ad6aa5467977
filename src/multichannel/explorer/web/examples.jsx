import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { createContext, useContext } from "react";

import source from "./examples.graphql?raw";

const FIRST_CUSTOMER = "{ customers(first: 1) { nodes { id } } }";
const NO_CUSTOMER = "customer_00000000-0000-0000-0000-000000000000";

const PERSONA = "Persona: ";

/** The personas of the demo, an empty list outside of it, and a function to act as one of them by its name. */
export const Personas = createContext({ personas: [], actAs: () => {} });

/**
 * The operations of examples.graphql. The first line of the comment above each is its title; a line with a persona
 * makes it an example of the demo, which acts as that persona; the other lines are its description.
 */
export const EXAMPLES = source.trim().split(/\n\n(?=# )/).map((query) => {
  const [title, ...lines] = query.match(/^# .*/gm).map((line) => line.slice(2));
  const description = lines.filter((line) => !line.startsWith(PERSONA)).join(" ");
  const persona = lines.find((line) => line.startsWith(PERSONA))?.slice(PERSONA.length);
  return { title, description, persona, query, asksForCustomer: query.includes("$id") };
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
  const { personas, actAs } = useContext(Personas);

  async function open(example) {
    if (example.persona) actAs(example.persona);
    const tab = tabFor(example, example.asksForCustomer ? await firstCustomer(fetcher) : undefined);
    const opened = tabs.findIndex(({ query }) => query === tab.query);
    if (opened === -1) addTab();
    else changeTab(opened);
    queryEditor.setValue(tab.query);
    variableEditor.setValue(tab.variables);
  }

  const list = (examples) => (
    <ul>
      {examples.map((example) => (
        <li key={example.title}>
          <button type="button" disabled={!queryEditor || !variableEditor} onClick={() => open(example)}>
            <strong>{example.title}</strong>
            <span>{example.description}</span>
            {example.persona && <em>{titleOf(example.persona, personas)}</em>}
          </button>
        </li>
      ))}
    </ul>
  );

  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p>Open an example, run it, then run it again as another persona.</p>
      {list(EXAMPLES.filter(({ persona }) => !persona))}
      {personas.length > 0 && (
        <>
          <h3>In the demo world</h3>
          <p>Each acts as the persona that it names, and can be run again.</p>
          {list(EXAMPLES.filter(({ persona }) => persona))}
        </>
      )}
    </section>
  );
}

const titleOf = (name, personas) => personas.find(({ persona }) => persona === name)?.title ?? name;

function ExamplesIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 3.5h9l3 3v10H4zM7 8h6M7 11h6M7 14h3" strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}

export const EXAMPLES_PANEL = { title: "Examples", icon: ExamplesIcon, content: ExamplesPanel };
