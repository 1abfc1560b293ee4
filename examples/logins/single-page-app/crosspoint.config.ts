import { defineNode } from 'crosspoint'
import { build } from 'esbuild'

// The page's script; the condition is for those who try this in a checkout of Crosspoint.
await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ['page.ts'],
  outfile: 'web/page.js',
  bundle: true,
  format: 'esm',
  conditions: ['@crosspoint/source'],
})

export default defineNode({
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [
        {
          name: 'realm1',
          roles: [
            { name: 'user', permissions: [{ uri: 'com.example.*', allow: { call: true }, disclose: { caller: true } }] },
            { name: 'house', permissions: [{ uri: 'com.example.*', allow: { register: true } }] },
          ],
        },
      ],
      transports: [
        {
          type: 'web',
          endpoint: { type: 'tcp', port: Number(process.env['PORT'] ?? 8080), interface: '127.0.0.1' },
          paths: {
            '/': { type: 'static', directory: './web' },
            ws: {
              type: 'websocket',
              options: { allowed_origins: [process.env['ORIGIN'] ?? 'http://localhost:8080'] },
              cookie: { max_age: 86_400, same_site: 'Strict', store: { type: 'sql', url: 'sqlite:./cookies.sqlite' } },
              auth: {
                cookie: {},
                scram: { type: 'file', path: './people.yaml' },
              },
            },
          },
        },
      ],
      components: [{ type: 'module', module: './house.ts', realm: 'realm1', role: 'house' }],
    },
  ],
})
