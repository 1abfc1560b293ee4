// Where a permission holds. Crossbar's users leave `match` out and write stars: "com.app.*" for a prefix, "com.*.read" for a wildcard.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'

export interface PermissionPlace {
  readonly uri: Uri
  readonly match: MatchPolicy
}

export function placeOf(permission: { readonly uri: string; readonly match?: MatchPolicy | undefined }): PermissionPlace {
  const { uri, match } = permission
  // "*" alone has always stood for everything, with match: "prefix" too.
  if (uri === '*' && (match === undefined || match === 'prefix')) return { uri: '', match: 'prefix' }
  if (match !== undefined) return { uri, match }
  if (!uri.includes('*')) return { uri, match: 'exact' }
  const isPrefix = uri.indexOf('*') === uri.length - 1
  if (isPrefix) return { uri: uri.slice(0, -1), match: 'prefix' }
  const components = uri.split('.').map((component) => (component === '*' ? '' : component))
  return { uri: components.join('.'), match: 'wildcard' }
}
