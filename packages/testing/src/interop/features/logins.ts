// Logins: that each method comes to the right identity, and that wrong credentials are refused as such.

import type { LoginWith } from '../line-protocol.ts'
import { LOGINS, ROLE } from '../logins.ts'
import type { Stage } from '../stage.ts'
import { failsWith, same } from './assert.ts'

const WRONG = 'something else'

export const LOGIN_FEATURES: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  'ticket login': (stage) => logsIn(stage, LOGINS.ticket),
  'ticket refused': (stage) => isRefused(stage, { ...LOGINS.ticket, secret: WRONG }),
  'WAMP-CRA login': (stage) => logsIn(stage, LOGINS.wampcra),
  'WAMP-CRA login, salted': (stage) => logsIn(stage, LOGINS.saltedWampcra),
  'WAMP-CRA refused': (stage) => isRefused(stage, { ...LOGINS.wampcra, secret: WRONG }),
  'WAMP-CRA refused, salted': (stage) => isRefused(stage, { ...LOGINS.saltedWampcra, secret: WRONG }),
  'WAMP-CRA of a stranger refused': (stage) => isRefused(stage, { ...LOGINS.wampcra, authid: 'stranger' }),
  'cryptosign login': (stage) => logsIn(stage, LOGINS.cryptosign),
  'cryptosign refused': (stage) => isRefused(stage, LOGINS.otherKey),
  'cryptosign bound to TLS': (stage) => logsIn(stage, LOGINS.bound),
  'SCRAM login': (stage) => logsIn(stage, LOGINS.scram),
  async 'anonymous after another method'(stage) {
    const { authrole, authmethod } = await stage.login(LOGINS.anonymous)
    same({ authrole, authmethod }, { authrole: 'anonymous', authmethod: 'anonymous' })
  },
}

async function logsIn(stage: Stage, login: LoginWith): Promise<void> {
  const { authid, authrole, authmethod } = await stage.login(login)
  same({ authid, authrole, authmethod }, { authid: login.authid, authrole: ROLE, authmethod: login.method })
}

function isRefused(stage: Stage, login: LoginWith): Promise<void> {
  return failsWith('wamp.error.authentication_denied', stage.login(login))
}
