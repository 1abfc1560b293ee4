// A device: tells its temperature every few seconds. DEVICE_KEY is the file with its key.

import { readFile } from 'node:fs/promises'
import { Client, cryptosign } from 'crosspoint'

const privateKey = () => readFile(process.env['DEVICE_KEY'] ?? 'device.key', 'utf8')
const client = new Client({ auth: [cryptosign({ privateKey })] })
await client.start()
setInterval(
  () => {
    if (client.session !== undefined) client.publish('com.example.devices.temperature', 20 + Math.random())
  },
  Number(process.env['EVERY_MS'] ?? 5000),
)
await client.stopped() // goes on by itself after anything but a refusal
