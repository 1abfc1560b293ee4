// A service: takes orders.

import { App } from 'crosspoint'
import { login } from './login.ts'

const app = new App({ auth: [login('orders.key')] })
let orders = 0
app.registerInvocation('com.example.orders.place', ({ args, caller_authid }) => {
  orders++
  return `order ${orders} of ${caller_authid}: ${args[0]}`
})
app.onStart(() => console.log('taking orders as', app.client.session?.authid))
await app.run()
