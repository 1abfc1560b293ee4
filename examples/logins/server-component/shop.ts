// Another service: places an order.

import { Client } from 'crosspoint'
import { login } from './login.ts'

const client = new Client({ auth: [login('shop.key')] })
await client.start()
console.log(await client.call('com.example.orders.place', 'a teapot'))
await client.stop()
