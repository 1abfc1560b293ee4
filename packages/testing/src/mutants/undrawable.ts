// Ids that the draw passes over, because nothing can break them and leave every other rule whole; each with the reason.
// An id that is not in the way of the draw is not listed.

export const UNDRAWABLE: { readonly [id: string]: string } = {
  'PRV-01': 'it is what happens after every violation, so the scenario of each violation (PRV-02 … PRV-32, SES-01, MSG-16) proves it too',
}
