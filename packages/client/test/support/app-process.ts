// The program of app-process.test.ts: an App in a process of its own. Says "ready" when it runs.

import { App } from '../../src/node.ts'

const app = new App({ goodbyeTimeoutMs: 1000 }) // the URL comes from CROSSPOINT_URL
app.register('com.example.slow', async () => {
  app.publish('com.example.started')
  await app.call('com.example.gate')
  return 'finished'
})
app.onStart(() => console.log('ready'))
app.onStop(() => console.log('stopping'))
// What is still open must not keep the process for ever.
setInterval(() => {}, 1000)
await app.run()
console.log('stopped')
