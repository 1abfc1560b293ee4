// A slice of `npm run hostile`: logins with wrong fields at the router, challenges and welcomes with wrong fields at our client.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientLoginFuzz } from '../src/hostile/client-login-fuzz.ts'
import { LoginFuzz } from '../src/hostile/login-fuzz.ts'

const seed = Date.now() % 1_000_000

test(`AUTH-06 5000 logins with wrong fields and sources: nobody is let in who did not prove it (seed ${seed})`, () => {
  const fuzz = new LoginFuzz(seed)
  fuzz.run(5_000)
  assert.deepEqual(fuzz.faults, [])
  const { challenged, refused, tries, welcomed } = fuzz.counts
  assert.equal(tries, 5_000)
  const figures = `${challenged} were challenged, ${welcomed} let in, ${refused} refused`
  assert.ok(challenged > 1_500 && welcomed > 300 && refused > 3_000, `${figures}: the mutations are too weak or too strong`)
})

test(`AUTH-43 AUTH-67 300 challenges and welcomes with wrong fields: the client joins no router that did not prove itself (seed ${seed})`, async () => {
  const fuzz = new ClientLoginFuzz(seed)
  await fuzz.run(300)
  assert.deepEqual(fuzz.faults, [])
  const { joined, refused } = fuzz.counts
  assert.ok(joined > 75 && refused > 50, `${joined} joined, ${refused} refused: the mutations are too weak or too strong`)
})
