// The keys of a configuration as Markdown tables: one per object, in the order of the file.

import type { JsonSchema } from './json-schema.ts'

interface Section {
  readonly title: string
  readonly schema: JsonSchema
}

/** Names below these stand by themselves: `realms[]`, not `workers[] (router).realms[]`. */
const OUTER: ReadonlySet<string> = new Set(['The file', 'workers[] (router)'])

/** One table per kind of object; an object that occurs twice (the options of a WebSocket path) is described once. */
export function referenceTables(root: JsonSchema): string {
  const sections: Section[] = [{ title: 'The file', schema: root }]
  const seen = new Map<string, string>()
  let text = ''
  for (let next = sections.shift(); next !== undefined; next = sections.shift()) {
    const { title, schema } = next
    text += `### ${title}\n\n${schema.description ?? ''}\n\n| key | type | meaning |\n|---|---|---|\n`
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      const inner = objectsOf(value).map((object) => {
        const name = `${OUTER.has(title) ? '' : `${title}.`}${key}${suffixOf(value, object)}`
        const known = seen.get(JSON.stringify(object))
        if (known !== undefined) return known
        seen.set(JSON.stringify(object), name)
        sections.push({ title: name, schema: object })
        return name
      })
      const see = inner.length === 0 ? '' : ` See ${inner.map((name) => `*${name}*`).join(', ')}.`
      const need = schema.required?.includes(key) ? ' **Required.**' : ''
      text += `| \`${key}\` | ${typeText(value)} | ${(value.description ?? 'Says which of the forms this is.').replaceAll('|', '\\|')}${need}${see} |\n`
    }
    text += '\n'
  }
  return text.trimEnd().concat('\n')
}

/** The objects with keys of their own that a value may be or hold. */
function objectsOf(value: JsonSchema): JsonSchema[] {
  if (value.properties !== undefined && Object.keys(value.properties).length > 0) return [value]
  if (value.items !== undefined) return objectsOf(value.items)
  if (typeof value.additionalProperties === 'object') return objectsOf(value.additionalProperties)
  return [...(value.oneOf ?? []), ...(value.anyOf ?? [])].flatMap(objectsOf)
}

/** `[]` for a list, `.<key>` for keys of the user's own, and the type where there are several. */
function suffixOf(value: JsonSchema, object: JsonSchema): string {
  const place = value.items !== undefined ? '[]' : typeof value.additionalProperties === 'object' ? '.<path>' : ''
  const type = object.properties?.type?.const
  return type === undefined ? place : `${place} (${String(type)})`
}

function typeText(value: JsonSchema): string {
  if (value.const !== undefined) return `\`${JSON.stringify(value.const)}\``
  if (value.enum !== undefined) return value.enum.map((word) => `\`"${String(word)}"\``).join(', ')
  if (value.type === 'integer') return value.minimum === undefined ? 'whole number' : `${value.minimum} … ${value.maximum}`
  if (value.type === 'boolean') return 'true or false'
  if (value.type === 'string') return 'text'
  if (value.type === 'array') return 'list'
  if (value.type === 'object' || value.oneOf !== undefined) return 'object'
  // A number or truth value or a text from the environment: the first says what is meant.
  if (value.anyOf !== undefined) return [...new Set(value.anyOf.filter((one) => one.pattern === undefined).map(typeText))].join(' or ')
  return 'anything'
}
