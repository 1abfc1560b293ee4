// The desk where devices are looked after: prints what they tell. With a name it ends that device's session and stops.

import { Client, ticket } from 'crosspoint'

const [name] = process.argv.slice(2)
const client = new Client({ auth: [ticket({ authid: 'desk', ticket: process.env['DESK_TICKET'] ?? '' })] })
await client.start()
if (name !== undefined) {
  console.log('sessions ended:', await client.call('wamp.session.kill_by_authid', name))
  await client.stop()
} else {
  await client.subscribeEvent('com.example.devices.temperature', ({ args, publisher_authid }) => console.log(publisher_authid, args[0]))
  console.log('waiting for devices')
}
