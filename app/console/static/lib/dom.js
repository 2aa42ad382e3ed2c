/** Elements from code. Text is always text: nothing is ever parsed as HTML, so no value can become markup. */

/** @typedef {Node | string | number | null | undefined | false | readonly Child[]} Child */
/**
 * @typedef {{
 *   readonly on?: Readonly<Record<string, (event: Event) => void>>,
 *   readonly style?: Readonly<Record<string, string | number>>,
 *   readonly [name: string]: unknown,
 * }} Attributes
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. `on` holds listeners, `style` custom properties (set through the object model, which a policy without
 * inline style allows). null and undefined set no attribute; true sets an empty one and false none, but in `aria-…`.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  dress(element, attributes ?? {});
  put(element, children);
  return element;
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  dress(element, attributes ?? {});
  put(element, children);
  return element;
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {Attributes} attributes
 */
function dress(element, { on = {}, style = {}, ...plain }) {
  for (const [name, value] of Object.entries(plain)) {
    if (value === null || value === undefined) continue;
    if (typeof value !== 'boolean' || name.startsWith('aria-')) element.setAttribute(name, String(value));
    else element.toggleAttribute(name, value);
  }
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, String(value));
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
}

/**
 * @param {Node} parent
 * @param {readonly Child[]} children
 */
function put(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) put(parent, child);
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Put new content in place of the old, and the focus back on what stands where it was (`data-focus`).
 * @param {Element} parent
 * @param {...Child} children
 */
export function replace(parent, ...children) {
  const held = parent.contains(document.activeElement)
    ? document.activeElement?.getAttribute('data-focus')
    : null;
  parent.replaceChildren();
  put(parent, children);
  if (held === null || held === undefined) return;
  const again = [...parent.querySelectorAll('[data-focus]')].find(
    (one) => one.getAttribute('data-focus') === held,
  );
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/**
 * The element of a page's shell.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (element);
}
