// The forum's node: one router with a realm, a port with the page and WebSocket on it, and the forum's component.
// CROSSPOINT_PORT and CROSSPOINT_HOST change where it listens: CROSSPOINT_HOST=0.0.0.0 lets a phone in the same network in.

import { defineNode } from 'crosspoint'
import { buildPage } from './build-page.ts'

await buildPage()

export default defineNode({
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [{ name: 'realm1' }],
      transports: [
        {
          type: 'web',
          endpoint: {
            type: 'tcp',
            port: Number(process.env['CROSSPOINT_PORT'] || 8080),
            interface: process.env['CROSSPOINT_HOST'] || '127.0.0.1',
          },
          paths: {
            '/': { type: 'static', directory: './web' },
            ws: { type: 'websocket' },
          },
        },
      ],
      components: [{ type: 'module', module: './components/forum.ts', realm: 'realm1' }],
    },
  ],
})
