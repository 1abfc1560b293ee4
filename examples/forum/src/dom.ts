// The little that the page needs of the DOM.

/**
 * The element with an id, checked to be what the code takes it for.
 * @example const form = byId('sign-in', HTMLFormElement)
 */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`web/index.html needs an element with the id "${id}" that is an ${kind.name}`)
}

/** A new element. Text goes in as text, never as markup, because other people wrote it. */
export function create<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className = '', text = ''): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.textContent = text
  return made
}

/** A round badge with the first letter of a name, in the name's own colour. */
export function badge(name: string): HTMLElement {
  const made = create('span', 'badge', [...name][0]?.toUpperCase())
  made.ariaHidden = 'true'
  made.style.setProperty('--hue', String(hueOf(name)))
  return made
}

/** The same name has the same hue everywhere, 0 to 359. */
function hueOf(name: string): number {
  let hash = 7
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 3600
  return hash % 360
}
