// Who sits at this browser: known by its cookie, logged in with a password, logged out.

import { Client, cookie, scram, UsageError } from '@crosspoint/client'

/** A client that goes on as whom the cookie stands for; undefined when it stands for nobody. */
export async function comeBack(): Promise<Client | undefined> {
  const client = new Client({ auth: [cookie()] })
  try {
    await client.start()
    return client
  } catch (error) {
    if (error instanceof UsageError && error.code === 'ERR_REFUSED') return undefined
    throw error
  }
}

/** Shows the password once; from then on the cookie stands for this person. Rejects with `ERR_REFUSED`. */
export async function logIn(authid: string, password: string): Promise<void> {
  const client = new Client({ auth: [scram({ authid, password })] })
  await client.start()
  await client.stop()
}

/** Takes the login from the cookie, and ends the sessions of all windows of this browser. */
export async function logOut(client: Client): Promise<void> {
  await client.stop({ reason: 'wamp.close.logout' })
}
