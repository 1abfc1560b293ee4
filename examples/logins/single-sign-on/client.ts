// Logs in with access tokens of the identity provider: a fresh one for each session.

import { Client, jwt } from 'crosspoint'

async function accessToken(): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'com.example.app',
    refresh_token: process.env['REFRESH_TOKEN'] ?? '',
  })
  const answer = await fetch(`${process.env['ISSUER']}/token`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`the identity provider answered ${answer.status}`)
  const { access_token } = (await answer.json()) as { access_token: string }
  return access_token
}

const client = new Client({
  auth: [jwt({ token: accessToken })],
  onStatus({ status, reason }) {
    if (status === 'joined') console.log(`joined as ${client.session?.authid}, role ${client.session?.authrole}`)
    else if (status === 'lost' || status === 'waiting') console.log(`${status}: ${reason}`)
  },
})
await client.start()
await client.subscribe('com.example.articles.new', (title: string) => console.log('new article:', title))
