// The schema of logins by JSON Web Token. What belongs together, and keys, is checked by `jwtFaults`.

import { z } from 'zod'
import { dictionary, list, object, text, truth, whole } from './schema-parts.ts'

function oneOrMore(what: string, description: string) {
  const error = `must be ${what}, as text, or a list of them`
  return z.union([text(what, description), list(text(what, description), description)], { error }).meta({ description })
}

const claim = (description: string) => oneOrMore('the name of a claim', description).optional()

export const jwtSchema = object(
  {
    issuer: oneOrMore('an issuer', 'The `iss` that tokens must have: one of these. Needed unless the keys are given here.').optional(),
    audience: oneOrMore('an audience', 'The `aud` that tokens must have: at least one of these.'),
    keys: list(
      z
        .union([text('PEM', 'PEM.'), z.record(z.string(), z.unknown())], { error: 'must be a JSON Web Key or PEM text' })
        .meta({ description: 'A public key: JSON Web Key, or PEM.' }),
      'Public keys that tokens are signed with.',
    ).optional(),
    secret: oneOrMore('a secret', 'Secrets that tokens are signed with (HS256), at least 32 bytes each.').optional(),
    jwksUri: text('an https: address', "Where the issuer's keys are (a JSON Web Key Set).").optional(),
    discovery: truth('Whether each issuer says where its keys are (OpenID Connect). Default: false.').optional(),
    algorithms: list(
      text('the name of an algorithm', 'Such as ES256.'),
      'The algorithms that signatures may have. Default: those with public keys; with `secret` HS256.',
    ).optional(),
    clockToleranceSeconds: whole(
      0,
      3600,
      'seconds',
      'How far the clocks of issuer and node may differ, in seconds. Default: 30.',
    ).optional(),
    maxAgeSeconds: whole(1, 2 ** 31, 'seconds', 'How long ago a token may have been issued, in seconds. Default: any time.').optional(),
    claims: object(
      {
        authid: claim('The claim with the authid. Default: sub.'),
        role: claim('The claim with the role or roles: a name, or names with dots between, as realm_access.roles. Default: role.'),
        realm: claim('The claim with the realm or realms that the token is for. Default: it is for any.'),
      },
      'Which claims say who it is.',
    ).optional(),
    roles: dictionary(
      text('the name of a role', 'A role.'),
      'The role of each value of the role claim; the first one that the token has counts. Default: the value is the role.',
    ).optional(),
    defaultRole: text('the name of a role', 'The role of tokens whose role claim gives none. Default: they are refused.').optional(),
    endsSession: truth('Whether a session ends when its token does, with crosspoint.close.login_expired. Default: true.').optional(),
    timeoutMs: whole(1, 60_000, 'milliseconds', 'How long fetching keys may take, in milliseconds. Default: 5000.').optional(),
  },
  'JSON Web Tokens of an identity provider; the keys come from one place: `keys` or `secret`, `jwksUri`, `discovery`.',
)
