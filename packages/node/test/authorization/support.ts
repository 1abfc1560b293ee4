// A node with one realm, and a way into it for each of its roles.

import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Client } from '@crosspoint/client/node'
import type { ApplicationError } from '@crosspoint/protocol'
import { loadConfig } from '../../src/config/load.ts'
import { Node } from '../../src/node.ts'
import { folder } from '../folder.ts'
import { recorder } from '../recorder.ts'

export const EVERYTHING = { call: true, register: true, publish: true, subscribe: true }
/** A role that may do everything, for the other side of a test. */
export const ALL = { name: 'all', permissions: [{ uri: '*', allow: EVERYTHING }] }

export interface RoleOfTest {
  readonly name: string
  readonly [key: string]: unknown
}

/** A configuration with these roles in realm1; the sessions of each come in at ws://…/ROLE. */
export function configOf(roles: readonly RoleOfTest[], worker: object = {}, top: object = {}): object {
  const paths = roles.map(({ name }) => [name, { type: 'websocket', auth: { anonymous: { type: 'static', role: name } } }])
  return {
    version: 2,
    workers: [
      {
        type: 'router',
        realms: [{ name: 'realm1', roles }],
        transports: [
          { type: 'web', endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1' }, paths: Object.fromEntries(paths), rawsocket: false },
        ],
        ...worker,
      },
    ],
    ...top,
  }
}

export type Lines = ReturnType<typeof recorder>

export interface OpenNode {
  readonly node: Node
  readonly log: Lines
  readonly root: string
  readonly port: number
  /** A session with a role. */
  connect(role: string): Promise<Client>
  stop(): Promise<void>
}

/** Starts a node of files; the configuration is crosspoint.config.json, or the file named. */
export async function openNode(
  context: TestContext,
  files: { readonly [path: string]: string | object },
  name = 'crosspoint.config.json',
): Promise<OpenNode> {
  const root = folder(context, { 'package.json': '{"type":"module"}', ...files })
  const log = recorder()
  const node = new Node(await loadConfig(join(root, name), {}), log)
  const clients: Client[] = []
  context.after(async () => {
    await Promise.all(clients.map((client) => client.stop()))
    await node.stop()
  })
  await node.start()
  const port = node.listeners[0]?.port ?? 0
  const connect = async (role: string) => {
    const client = new Client({ url: `ws://127.0.0.1:${port}/${role}`, realm: 'realm1', logger: recorder(), onError: () => {} })
    clients.push(client)
    await client.start()
    return client
  }
  return { node, log, root, port, connect, stop: () => node.stop() }
}

/** The error URI that it ends with, or that it was allowed. */
export const refusal = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'it was allowed',
    (error: ApplicationError) => error.error ?? String(error),
  )
