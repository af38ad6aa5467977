/** An element with properties and children; text is never parsed as HTML. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter(Boolean));
  return made;
}

export function link(text, href, className = "button") {
  return element("a", { href, className }, text);
}

/** A problem in plain words, with what the other side said about it. */
export function problem(text, details) {
  return element(
    "div",
    { className: "problem", role: "alert" },
    element("p", {}, text),
    details && element("p", { className: "quiet" }, details),
  );
}
