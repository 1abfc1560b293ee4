// The tables of "wamp.2.flatbuffers" as data: which slot of which table holds what, in the order of the slots. Decoder,
// encoder and tests read this one table, as message-layout.ts is read for lists.
//
// Facts of the schema that autobahn-python 26.10.2 carries (SER-13 … SER-17). A slot holds an element of the message
// (marked `!`) or an option, under the key that it has in lists. A slot that is absent is a key that is absent, and the
// schema's default is then the one that WAMP gives the missing key (`exclude_me` true, `match` exact …); the few that
// differ say after `=` what an absent slot reads as and, after `|`, what is written for a missing key. `?` marks what a
// WELCOME says for the client's information only: a value without a form is left out there, and refused everywhere else.

import { type Field, type Layout, layoutOf } from '../message-layout.ts'
import { type Dict, EMPTY_DICT, MessageType } from '../messages.ts'
import { CLIENT_ROLES, ROUTER_ROLES } from '../roles.ts'

/** Enumerations of one byte: the names by number (SER-16). An empty name stands for a key that is absent. */
const ENUMS = {
  match: ['exact', 'prefix', 'wildcard'],
  invoke: ['single', 'first', 'last', 'roundrobin', 'random'],
  mode: ['skip', 'kill', 'killnowait'],
  authmethod: ['anonymous', 'ticket', 'wampcra', 'wamp-scram', 'cryptosign'],
  scheme: ['', 'cryptobox', 'mqtt', 'xbr', 'opaque'],
  serializer: ['native', 'json', 'msgpack', 'cbor', 'ubjson', 'opaque', 'flatbuffers', 'flexbuffers'],
  cipher: ['', 'xsalsa20poly1305', 'aes256gcm'],
} as const satisfies { readonly [name: string]: readonly string[] }

/**
 * `unused`: nobody reads it. `id`: uint64 of 1 … 2^53; 0 is the same as absent. `revocable`: uint64, 0 allowed. `positive`:
 * uint16 of 1 or more; 0 is the same as absent. `bytes`: a vector that belongs to the payload. `authmethods`: a vector of
 * that enumeration. `map`: a table of one key with its value, the only form that the schema has for a dictionary.
 * `principals`: a vector of tables. `roles`, `features`: tables whose slots are read like options.
 */
type PlainKind = 'unused' | 'id' | 'revocable' | 'uint32' | 'uint16' | 'positive' | 'bool' | 'string' | 'ids' | 'strings' | 'bytes'
type TableKind = 'map' | 'principals' | 'roles' | 'features'
type Kind = PlainKind | 'enum' | 'authmethods' | TableKind

export interface Slot {
  readonly index: number
  /** The property of the message, or the key of the option. */
  readonly name: string
  /** The option's key next to an opaque payload, which has names of its own (PPT-16). */
  readonly opaqueName: string
  readonly kind: Kind
  /** Bytes in the table itself. */
  readonly size: 1 | 2 | 4 | 8
  /** Where the element stands in the list form, after the type code; -1 for an option. */
  readonly element: number
  readonly isNullable: boolean
  /** Whether a value that the slot cannot hold is left out instead of refused. */
  readonly isLenient: boolean
  /** The names of an enumeration. */
  readonly names: readonly string[]
  /** The tables that the slot refers to. */
  readonly table: Table | undefined
  /** What an absent slot reads as, and what is written for a missing key, when that is not simply nothing. */
  readonly absentReads: string | Dict | undefined
  readonly absentWrites: string | undefined
  /** For errors: "PUBLISH.topic". */
  readonly label: string
}

export interface Table {
  readonly slots: readonly Slot[]
  /** The slots in the order in which they are laid out: the widest first, so that all are aligned without gaps. */
  readonly bySize: readonly Slot[]
}

export interface MessageTable extends Table {
  readonly layout: Layout
  /** Where the dictionary stands in the list form, after the type code; -1 for a message without one. */
  readonly dict: number
  readonly hasPayload: boolean
  /** Options without a slot that the message means something else without, so that they are refused. */
  readonly indispensable: readonly string[]
}

const SIZES: { readonly [kind in Kind]?: Slot['size'] } = { unused: 8, id: 8, revocable: 8, uint16: 2, positive: 2, bool: 1, enum: 1 }

const OPAQUE_NAMES: { readonly [name: string]: string } = {
  ppt_scheme: 'enc_algo',
  ppt_serializer: 'enc_serializer',
  ppt_keyid: 'enc_key',
}

const COMMON_FEATURES = 'payload_transparency payload_encryption_cryptobox'
const IDENTIFICATION = 'publisher_identification publisher_exclusion subscriber_blackwhite_listing'
const ROLES: { readonly [role: string]: string } = {
  publisher: `${IDENTIFICATION} acknowledge_event_received ${COMMON_FEATURES}`,
  subscriber: `publisher_identification pattern_based_subscription publication_trustlevels subscription_revocation event_history acknowledge_subscriber_received ${COMMON_FEATURES}`,
  caller: `caller_identification call_timeout call_canceling progressive_call_results ${COMMON_FEATURES}`,
  callee: `caller_identification call_trustlevels call_timeout call_canceling progressive_call_results registration_revocation pattern_based_registration shared_registration ${COMMON_FEATURES}`,
  broker: `${IDENTIFICATION} pattern_based_subscription publication_trustlevels subscription_revocation session_meta_api subscription_meta_api event_retention event_history acknowledge_event_received acknowledge_subscriber_received ${COMMON_FEATURES}`,
  dealer: `caller_identification call_trustlevels call_timeout call_canceling progressive_call_results registration_revocation pattern_based_registration shared_registration session_meta_api registration_meta_api testament_meta_api ${COMMON_FEATURES}`,
}

/** Features whose detail has no slot in EVENT or INVOCATION (SER-17): their own slots are neither written nor read. */
const WITHOUT_DETAIL: ReadonlySet<string> = new Set(['publication_trustlevels', 'call_trustlevels'])

function rolesOf(message: string): readonly string[] {
  return message === 'HELLO' ? CLIENT_ROLES : ROUTER_ROLES
}

/** The rows of the tables that are no messages; roles and features make theirs from `ROLES`. */
function rowBelow(kind: string, name: string, message: string): string | undefined {
  if (kind === 'map') return 'key:string value:string'
  if (kind === 'principals') return 'session:id authid:string authrole:string'
  if (kind === 'roles') {
    return rolesOf(message)
      .map((role) => `${role}:features`)
      .join(' ')
  }
  if (kind === 'features')
    return ROLES[name]!.replaceAll(/\w+/g, (feature) => `${feature}:${WITHOUT_DETAIL.has(feature) ? 'unused' : 'bool'}`)
  return undefined
}

/** Autobahn|Python writes no roles; whoever says nothing has all roles, and no feature that a peer could count on. */
function allRoles(roles: readonly string[]): Dict {
  return Object.freeze(Object.fromEntries(roles.map((role) => [role, EMPTY_DICT])))
}

function slotOf(text: string, index: number, path: string, layout: Layout | undefined): Slot {
  const [, name = '', mark, given = '', absentReads, absentWrites] = /^(\w+)([!?]?):(\w+)(?:=(\w+))?(?:\|(\w+))?$/.exec(text)!
  const names: readonly string[] =
    given === 'authmethods' ? ENUMS.authmethod : ((ENUMS as { [name: string]: readonly string[] })[given] ?? [])
  const kind = (names.length > 0 && given !== 'authmethods' ? 'enum' : given) as Kind
  const element = mark === '!' ? layout!.fields.findIndex((field) => field.name === name) : -1
  const field: Field | undefined = layout?.fields[element]
  const label = `${path}.${name}`
  const row = rowBelow(kind, name, path.split('.')[0]!)
  return {
    index,
    name,
    opaqueName: OPAQUE_NAMES[name] ?? name,
    kind,
    size: SIZES[kind] ?? 4,
    element,
    isNullable: field?.kind === 'realm',
    isLenient: mark === '?',
    names,
    table: row === undefined ? undefined : tableOf(row, label),
    absentReads: kind === 'roles' ? allRoles(rolesOf(layout!.name)) : absentReads,
    absentWrites,
    label: field?.label ?? label,
  }
}

function tableOf(row: string, path: string, layout?: Layout): Table {
  const slots = row.split(' ').map((text, index) => slotOf(text, index, path, layout))
  return { slots, bySize: slots.filter((slot) => slot.kind !== 'unused').sort((a, b) => b.size - a.size) }
}

const PASSTHRU = 'ppt_scheme:scheme ppt_serializer:serializer ppt_cipher:cipher ppt_keyid:string'
const PAYLOAD = `args:bytes kwargs:bytes payload:bytes ${PASSTHRU}`
const CALLER = 'caller:id caller_authid:string caller_authrole:string forward_for:principals'
const RESULT = `session:unused requestId!:id ${PAYLOAD} progress:bool callee:id callee_authid:string callee_authrole:string forward_for:principals`

const ROWS: { readonly [name in keyof typeof MessageType]: string } = {
  HELLO:
    'session:unused roles:roles realm!:string authmethods:authmethods authid:string authrole:string authextra:map resumable:bool resume_session:id resume_token:string',
  WELCOME:
    'sessionId!:id roles:roles realm:string authid:string authrole:string authmethod?:authmethod authprovider:string authextra?:map resumed:bool resumable:bool resume_token:string',
  ABORT: 'session:unused reason!:string message:string',
  CHALLENGE: 'session:unused authmethod!:authmethod=anonymous extra!:map',
  AUTHENTICATE: 'session:unused signature!:string extra!:map',
  GOODBYE: 'session:unused reason!:string message:string resumable:bool',
  ERROR: `session:unused requestType!:uint16 requestId!:id error!:string ${PAYLOAD} forward_for:principals`,
  PUBLISH: `session:unused requestId!:id topic!:string ${PAYLOAD} acknowledge:bool exclude_me:bool exclude:ids exclude_authid:strings exclude_authrole:strings eligible:ids eligible_authid:strings eligible_authrole:strings retain:bool transaction_hash:string forward_for:principals`,
  PUBLISHED: 'session:unused requestId!:id publicationId!:id',
  SUBSCRIBE: 'session:unused requestId!:id topic!:string match:match get_retained:bool',
  SUBSCRIBED: 'session:unused requestId!:id subscriptionId!:id',
  UNSUBSCRIBE: 'session:unused requestId!:id subscriptionId!:id',
  UNSUBSCRIBED: 'session:unused requestId!:revocable subscription:id reason:string',
  EVENT: `session:unused subscriptionId!:id publicationId!:id ${PAYLOAD} publisher:id publisher_authid:string publisher_authrole:string topic:string retained:bool transaction_hash:string x_acknowledged_delivery:bool forward_for:principals`,
  CALL: `session:unused requestId!:id procedure!:string ${PAYLOAD} timeout:uint32 receive_progress:bool transaction_hash:string ${CALLER}`,
  CANCEL: 'session:unused requestId!:id mode:mode=skip|killnowait forward_for:principals',
  RESULT,
  REGISTER: 'session:unused requestId!:id procedure!:string match:match invoke:invoke concurrency:positive force_reregister:bool',
  REGISTERED: 'session:unused requestId!:id registrationId!:id',
  UNREGISTER: 'session:unused requestId!:id registrationId!:id',
  UNREGISTERED: 'session:unused requestId!:revocable registration:id reason:string',
  INVOCATION: `session:unused requestId!:id registrationId!:id ${PAYLOAD} procedure:string timeout:uint32 receive_progress:bool transaction_hash:string ${CALLER}`,
  INTERRUPT: 'session:unused requestId!:id mode:mode=kill|killnowait reason:string forward_for:principals',
  YIELD: RESULT,
}

/** The others that the schema has no slot for (SER-17) are left out: then the default is in force, or a detail is not told. */
const INDISPENSABLE: { readonly [name: string]: readonly string[] } = {
  PUBLISH: ['rkey'],
  SUBSCRIBE: ['nkey'],
  CALL: ['progress', 'rkey', 'runmode', 'runon'],
  INVOCATION: ['progress'],
}

/** The tables of the messages, by type code. */
export const MESSAGE_TABLES: readonly (MessageTable | undefined)[] = (() => {
  const tables: (MessageTable | undefined)[] = new Array(MessageType.YIELD + 1).fill(undefined)
  for (const [name, row] of Object.entries(ROWS)) {
    const layout = layoutOf(MessageType[name as keyof typeof MessageType])!
    const dict = layout.fields.findIndex((field) => field.kind === 'dict')
    const table = tableOf(row, name, layout)
    const hasPayload = table.slots.some((slot) => slot.kind === 'bytes')
    tables[layout.type] = { ...table, layout, dict, hasPayload, indispensable: INDISPENSABLE[name] ?? [] }
  }
  return tables
})()
