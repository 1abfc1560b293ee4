// Prints every build that is told, until it is stopped.

import { App, ticket } from 'crosspoint'

const app = new App({ auth: [ticket({ authid: 'dashboard', ticket: process.env['DASHBOARD_TICKET'] ?? '' })] })
app.subscribe('com.example.builds', (build: { commit: string; result: string }) => console.log(build.commit, build.result))
app.onStart(() => console.log('waiting for builds'))
await app.run()
