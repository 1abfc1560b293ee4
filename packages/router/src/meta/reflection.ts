// Reflection (section 7.7 of the requirements, a sketch there; REF-04 is our reading): what procedures, topics and errors are
// like, as somebody declared them. Declarations are data for tools; the router does not act on them.

import { ErrorUri, type Uri } from '@crosspoint/protocol'
import { shown } from '@crosspoint/protocol/internal'
import { isRefused } from '../authorizer.ts'
import { principalOf } from '../broker.ts'
import { LimitUri } from '../limits.ts'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { RealmRules } from '../realm-rules.ts'
import type { Registrations, Tell } from '../registrations.ts'
import { isDict, isText, optional } from './checks.ts'
import type { Ask } from './testaments.ts'

const KINDS = ['procedure', 'topic', 'error'] as const
type Kind = (typeof KINDS)[number]
const SCHEMA_CHARACTERS_MAX = 65_536

export interface ReflectionHost {
  readonly rules: RealmRules
  readonly registrations: Registrations
  readonly tell: Tell
  readonly ask: Ask
}

export function reflection(host: ReflectionHost): Record<Uri, OwnProcedure> {
  /** By kind, then URI: the declaration and its text, by which a change is seen. */
  const declared = new Map<Kind, Map<Uri, { schema: unknown; text: string }>>(KINDS.map((kind) => [kind, new Map()]))
  const procedures: Record<Uri, OwnProcedure> = {
    'wamp.reflect.define': (call) => define(call),
    'wamp.reflect.describe': (call) => {
      const uri = call.args[0]
      const kind = KINDS.find((each) => declared.get(each)!.has(uri as Uri)) ?? 'procedure'
      describe(call, call.kwargs['kind'] === undefined ? kind : kindOf(call))
    },
  }
  for (const kind of KINDS) {
    procedures[`wamp.reflection.${kind}.list`] = (call) => list(call, kind)
    procedures[`wamp.reflection.${kind}.describe`] = (call) => describe(call, kind)
  }
  return procedures

  function describe(call: OwnCall, kind: Kind): void {
    call.atMost(1)
    const uri = call.argument(0, 'uri', isText, 'a URI')
    listed(call, kind, [uri], ([allowed]) => call.answer([allowed === undefined ? null : (declared.get(kind)!.get(uri)?.schema ?? null)]))
  }

  function list(call: OwnCall, kind: Kind): void {
    call.atMost(0)
    const uris = new Set(declared.get(kind)!.keys())
    if (kind === 'procedure') for (const { match, uri } of host.registrations.byId.values()) if (match === 'exact') uris.add(uri)
    listed(call, kind, [...uris].sort(), (allowed) => call.answer([allowed]))
  }

  /** Those of `uris` that the caller may use (REF-04). */
  function listed(call: OwnCall, kind: Kind, uris: readonly Uri[], done: (allowed: Uri[]) => void): void {
    const action = kind === 'procedure' ? 'call' : 'subscribe'
    let open = uris.length
    const allowed = new Set<Uri>()
    const end = () => done(uris.filter((uri) => allowed.has(uri)))
    if (open === 0 || kind === 'error') return done([...uris])
    for (const uri of uris) {
      host.ask(principalOf(call.caller), action, uri, {}, (decision) => {
        if (!isRefused(decision)) allowed.add(uri)
        if (--open === 0) end()
      })
    }
  }

  function define(call: OwnCall): void {
    call.atMost(2)
    const uri = call.argument(0, 'uri', isText, 'a URI')
    const schema = call.argument(1, 'schema', optional(isDict), 'a dictionary or null')
    const kind = kindOf(call)
    const invalid = host.rules.refuseUri('describe', uri, 'exact')
    if (invalid !== undefined) throw new CallFailure(ErrorUri.invalidUri, invalid)
    const known = declared.get(kind)!
    const before = known.get(uri)
    if (schema === undefined || schema === null) {
      known.delete(uri)
      call.answer([before === undefined ? null : false])
      if (before !== undefined) host.tell('wamp.reflect.on_undefine', () => [uri, before.schema])
      return
    }
    const text = textOf(call, schema)
    if (before?.text === text) return call.answer([null])
    if (before === undefined && known.size >= host.rules.limits.definitionsMax) {
      throw new CallFailure(LimitUri.tooManyDefinitions, `The realm has ${known.size} descriptions of this kind, which is the limit`)
    }
    known.set(uri, { schema, text })
    call.answer([before === undefined])
    host.tell('wamp.reflect.on_define', () => [uri, schema])
  }
}

function kindOf(call: OwnCall): Kind {
  const kind = call.kwargs['kind'] ?? 'procedure'
  if (KINDS.includes(kind as Kind)) return kind as Kind
  throw new CallFailure(
    ErrorUri.invalidArgument,
    `${call.procedure}: keyword argument kind must be one of ${KINDS.join(', ')}, not ${shown(kind)}`,
  )
}

function textOf(call: OwnCall, schema: unknown): string {
  const text = JSON.stringify(schema, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
  if (text.length <= SCHEMA_CHARACTERS_MAX) return text
  const wanted = `at most ${SCHEMA_CHARACTERS_MAX} characters as JSON`
  throw new CallFailure(ErrorUri.invalidArgument, `${call.procedure}: argument 2 (schema) must have ${wanted}, not ${text.length}`)
}
