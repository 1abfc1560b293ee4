// Words that do not belong into the repository.

import { type Finding, findAll, packageOfSource, type Rule } from './tree.ts'

const UNFINISHED = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/g // the classes keep this file from finding itself
const LIMITED_TEST = /\.(?:only|skip|todo)\s*\(|\b(?:only|skip|todo)\s*:\s*true\b/g
const PRINTING = /\bconsole\s*\.\s*(?:log|info|debug)\b/g
const MACHINE_PATH = /(?<![\w.~$}-])\/(?:work|root|home|Users)\/[\w.-]+/g
const REGISTRY_ADDRESS = /"resolved": "https?:/g

/** Commands print; everything else hands its words to whoever asked for them. */
const MAY_PRINT = /^packages\/(?:crosspoint\/src\/|node\/src\/(?:commands\/|main\.ts$)|testing\/src\/)/
const TEST = /\.test\.ts$/

/** What is begun and not finished is in an issue, not in a comment. */
export const unfinished: Rule = (files) =>
  files.flatMap((file) => findAll(file, file.text, UNFINISHED, (match) => `"${match[0]}": finish it, or write an issue`))

/** A test that is left out proves nothing, and one that runs alone leaves out the others. */
export const limitedTests: Rule = (files) =>
  files.flatMap((file) =>
    TEST.test(file.path)
      ? findAll(file, file.code, LIMITED_TEST, (match) => `"${match[0]}" leaves tests out; run some of them with npm test -- FILTER`)
      : [],
  )

/** Library code that prints cannot be used in silence. */
export const printing: Rule = (files) =>
  files.flatMap((file) =>
    packageOfSource(file.path) === undefined || MAY_PRINT.test(file.path)
      ? []
      : findAll(file, file.code, PRINTING, (match) => `"${match[0]}": only commands print; use the logger that was handed in`),
  )

/** Paths of somebody's machine, and addresses of somebody's registry, are of no use to anybody else. */
export const machinePaths: Rule = (files) =>
  files.flatMap((file): Finding[] => {
    if (file.path === 'package-lock.json')
      return findAll(file, file.text, REGISTRY_ADDRESS, () => 'The lock file names a registry; keep .npmrc when installing')
    return findAll(
      file,
      file.text,
      MACHINE_PATH,
      (match) => `"${match[0]}" is a path of one machine; make it relative or take it from the environment`,
    )
  })
