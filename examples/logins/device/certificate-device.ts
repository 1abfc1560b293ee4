// A device that is known by its certificate: tells its temperature once.

import { readFileSync } from 'node:fs'
import { Client, tls } from 'crosspoint'

const client = new Client({
  tls: { key: readFileSync('sensor-8.key', 'utf8'), cert: readFileSync('sensor-8.pem', 'utf8') },
  auth: [tls()],
})
await client.start()
console.log('logged in as', client.session?.authid)
await client.publishEvent('com.example.devices.temperature', { args: [21.5], acknowledge: true })
await client.stop()
