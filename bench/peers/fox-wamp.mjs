// Starts fox-wamp as a WAMP router over WebSocket with the realm realm1, open to anonymous sessions, silent.
// Usage: node fox-wamp.mjs PORT FOLDER       FOLDER: where fox-wamp is installed
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [port, folder] = process.argv.slice(2)
const FoxRouter = createRequire(join(folder, 'package.json'))('fox-wamp')
new FoxRouter().listenWAMP({ host: '127.0.0.1', port: Number(port) }) // it opens a realm when the first session asks for it
