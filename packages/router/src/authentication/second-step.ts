// The second step (AUTH-08): whoever has shown the first credential must also have the device that shows codes (RFC 6238). Each
// code lets in once, so that one that is seen on its way, or over a shoulder, is of no use.

import type { Clock } from '@crosspoint/protocol'
import { findTotpStep, type RouterCrypto, readTotpSecret, TOTP_WINDOW_STEPS, toHex, totpStepAt } from '@crosspoint/protocol/internal'
import type { Identity, SecondStep, Step } from './authenticator.ts'
import type { Principal } from './principals.ts'
import { denied, failed } from './refusals.ts'

const METHOD = 'totp'
/** Secrets whose codes were used within the last three steps. */
const ENTRIES_MAX = 100_000

/**
 * Asks principals that have `totp`, a secret in Base32, for a code: CHALLENGE has the method "totp", and AUTHENTICATE.Signature is the
 * code, six digits. That of the step before and that of the step after are right, too; each one only once, and none older than the
 * last.
 *
 * @param clock the time, which must agree with that of the devices to half a minute
 * @example
 * router.attach(transport, serializer, { login: { authenticators, secondStep: totpSecondStep(nodeCrypto, systemClock) } })
 */
export function totpSecondStep(crypto: RouterCrypto, clock: Clock): SecondStep {
  const used = new UsedSteps()
  return {
    begin(_request, identity, principal) {
      if (principal?.totp === undefined) return undefined
      const { authid } = identity
      const secret = readTotpSecret(principal.totp)
      if ('fault' in secret) return failed(`totp of "${authid}": ${secret.fault}`)
      const check = (code: string): Step => {
        const now = totpStepAt(clock.now())
        const step = findTotpStep(crypto, secret.bytes, code, now)
        if (step === undefined) return denied(`wrong totp code of "${authid}"`)
        const fault = used.add(toHex(secret.bytes), step, now)
        return fault === undefined
          ? accepted(identity, principal)
          : fault === 'used'
            ? denied(`used totp code of "${authid}"`)
            : failed(FULL)
      }
      return { type: 'challenge', authmethod: METHOD, extra: {}, answered: (code, _extra, next) => next(check(code)) }
    },
  }
}

const FULL = `more than ${ENTRIES_MAX} principals have used a totp code just now`

function accepted(identity: Identity, principal: Principal): Step {
  return { type: 'accept', identity, principal }
}

/** The last step whose code was used, by secret; those that nobody could use again are forgotten. The oldest comes first. */
class UsedSteps {
  readonly #lastOf = new Map<string, number>()

  add(secret: string, step: number, now: number): 'used' | 'full' | undefined {
    for (const [each, last] of this.#lastOf) {
      if (last >= now - TOTP_WINDOW_STEPS) break
      this.#lastOf.delete(each)
    }
    const last = this.#lastOf.get(secret)
    if (last !== undefined && step <= last) return 'used'
    if (last === undefined && this.#lastOf.size >= ENTRIES_MAX) return 'full'
    this.#lastOf.delete(secret)
    this.#lastOf.set(secret, step)
    return undefined
  }
}
