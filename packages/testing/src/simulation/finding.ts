// What a checker found: the run ends here, and the seed finds it again.

export class Finding extends Error {
  override readonly name = 'Finding'
}
