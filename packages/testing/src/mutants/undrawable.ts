// Ids that the draw passes over, because nothing can break them and leave every other rule whole; each with the reason.
// An id that is not in the way of the draw is not listed.

export const UNDRAWABLE: { readonly [id: string]: string } = {
  'PRV-01': 'it is what happens after every violation, so the scenario of each violation (PRV-02 … PRV-32, SES-01, MSG-16) proves it too',
  'PRV-16': 'PPT-03 is the same rule, once more in the section of the feature',
  'RPC-130': 'which callee a key belongs to depends on session ids, so its scenario has one; test/sharding.test.ts of the router has many',
  'RPC-131': 'META-42 revokes by the same message and looks at all of it',
}
