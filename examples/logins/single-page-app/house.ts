// What the node offers to the page.

import type { App } from 'crosspoint'

export default function house(app: App): void {
  app.registerInvocation('com.example.greet', ({ caller_authid }) => `Hello ${caller_authid}`)
}
