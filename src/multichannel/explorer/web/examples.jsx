import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { createContext, useContext } from "react";

import source from "./examples.graphql?raw";
import questions from "./questions.graphql?raw";

const NOBODY = "00000000-0000-0000-0000-000000000000";

/** The queries for the ids that examples ask for, by the name of the variable, and ids that nothing has. */
const IDS = {
  id: ["{ customers(first: 1) { nodes { id } } }", `customer_${NOBODY}`],
  subscription: ["{ subscriptions(first: 1) { nodes { id } } }", `subscription_${NOBODY}`],
};

/** The times that examples ask for, by the name of the variable: days from now, or a function of now. */
const TIMES = {
  now: 0,
  inTwoWeeks: 14,
  inThirtyDays: 30,
  weekAgo: -7,
  monthStart: (now) => new Date(now.getFullYear(), now.getMonth(), 1),
  lastMonthStart: (now) => new Date(now.getFullYear(), now.getMonth() - 1, 1),
  yesterdayEvening: (now) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1, 18),
};
const DAY = 86_400_000;

const PERSONA = "Persona: ";

/** The personas of the demo, an empty list outside of it, and a function to act as one of them by its name. */
export const Personas = createContext({ personas: [], actAs: () => {} });

/**
 * The operations of a file. The first line of the comment above each is its title; a line with a persona makes it an
 * example of the demo, which acts as that persona; the other lines are its description.
 */
const read = (text) => text.trim().split(/\n\n(?=# )/).map((query) => {
  const [title, ...lines] = query.match(/^# .*/gm).map((line) => line.slice(2));
  const description = lines.filter((line) => !line.startsWith(PERSONA)).join(" ");
  const persona = lines.find((line) => line.startsWith(PERSONA))?.slice(PERSONA.length);
  const variables = [...query.matchAll(/\$(\w+): /g)].map(([, name]) => name);
  return { title, description, persona, query, variables };
});

/** What the explorer and its demo can do. */
export const EXAMPLES = read(source);

/** The questions of every day, which anybody can ask of what they see. */
export const QUESTIONS = read(questions);

/** The query and variables of a tab with an example; `ids` are those of the records that it asks for. */
export function tabFor({ query, variables }, ids = {}, now = new Date()) {
  const values = variables.map((name) => [name, name in TIMES ? timeOf(name, now) : (ids[name] ?? IDS[name][1])]);
  return { query, variables: values.length ? JSON.stringify(Object.fromEntries(values), null, 2) : "" };
}

function timeOf(name, now) {
  const of = TIMES[name];
  return (typeof of === "function" ? of(now) : new Date(now.getTime() + of * DAY)).toISOString();
}

/** The ids of the first records that the caller can see, for the variables of an example. */
async function idsFor({ variables }, fetcher) {
  const found = variables.filter((name) => name in IDS).map(async (name) => {
    const [query, nothing] = IDS[name];
    try {
      const { data } = await fetcher({ query });
      return [name, Object.values(data)[0].nodes[0].id];
    } catch {
      return [name, nothing];
    }
  });
  return Object.fromEntries(await Promise.all(found));
}

function ExamplesPanel() {
  const { fetcher, queryEditor, variableEditor, tabs } = useGraphiQL(
    pick("fetcher", "queryEditor", "variableEditor", "tabs"),
  );
  const { addTab, changeTab } = useGraphiQLActions();
  const { personas, actAs } = useContext(Personas);

  async function open(example) {
    if (example.persona) actAs(example.persona);
    const tab = tabFor(example, await idsFor(example, fetcher));
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
      <h3>Everyday questions</h3>
      <p>Each is one query, about what you can see.</p>
      {list(QUESTIONS)}
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
