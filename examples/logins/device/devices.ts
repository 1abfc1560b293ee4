// The list of devices: node devices.ts add NAME PUBLIC-KEY, or node devices.ts remove NAME

import { DatabaseSync } from 'node:sqlite'

const [action, name, publicKey] = process.argv.slice(2)
const database = new DatabaseSync('devices.sqlite') // the node has made its tables
if (name !== undefined && publicKey !== undefined && action === 'add') {
  database.prepare(`INSERT INTO crosspoint_principals (authmethod, authid) VALUES ('cryptosign', ?)`).run(name)
  database.prepare('INSERT INTO crosspoint_principals_keys (authid, pubkey) VALUES (?, ?)').run(name, publicKey)
} else if (name !== undefined && action === 'remove') {
  database.prepare('DELETE FROM crosspoint_principals_keys WHERE authid = ?').run(name)
  database.prepare(`DELETE FROM crosspoint_principals WHERE authmethod = 'cryptosign' AND authid = ?`).run(name)
} else {
  throw new Error('Write: node devices.ts add NAME PUBLIC-KEY, or node devices.ts remove NAME')
}
