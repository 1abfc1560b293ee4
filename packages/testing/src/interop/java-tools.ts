// Builds the Java program in java/ with the javac and the Maven on the PATH. Maven fetches the jars that pom.xml names; their hashes
// are in jars.sha256. Everything stays in the cache folder.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Built, buildOnce, runTool, ToolError } from './build-tools.ts'

const SOURCES = join(import.meta.dirname, 'java')

/**
 * The folder with the compiled program and its jars; built when java/ has changed.
 *
 * @param cacheFolder an absolute path; Maven's repository goes there too
 * @returns the folder, for `javaCommand`, or the reason when there is no JDK or Maven or the build fails
 * @example
 * const built = await buildJavaProgram('/repository/node_modules/.cache/crosspoint-interop')
 * if ('folder' in built) spawn('java', javaCommand(built.folder).slice(1))
 */
export function buildJavaProgram(cacheFolder: string): Promise<Built> {
  const cache = join(cacheFolder, 'java')
  const target = join(cache, 'bin')
  return buildOnce(SOURCES, target, '', async () => {
    const jars = join(target, 'jars')
    await runTool('javac', ['-version']) // before anything is fetched
    console.log('Building the Java program …')
    const options = ['--batch-mode', '--quiet', '--strict-checksums', `-Dmaven.repo.local=${join(cache, 'repository')}`]
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`]
    await runTool('mvn', [...options, '--file', join(SOURCES, 'pom.xml'), ...goal])
    checkJars(jars)
    const files = readdirSync(SOURCES).filter((name) => name.endsWith('.java'))
    await runTool('javac', ['-cp', join(jars, '*'), '-d', target, ...files.map((name) => join(SOURCES, name))])
  })
}

/** The program and its arguments up to the port. */
export function javaCommand(folder: string): readonly string[] {
  // One tier of compilation: the program lives for seconds.
  return ['java', '-XX:TieredStopAtLevel=1', '-cp', [folder, join(folder, 'jars/*')].join(delimiter), 'Peer']
}

/** Exactly the jars that jars.sha256 lists. */
function checkJars(folder: string): void {
  const wanted = readFileSync(join(SOURCES, 'jars.sha256'), 'utf8').trim().split('\n').sort()
  const found = readdirSync(folder)
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}`,
    )
    .sort()
  const wrong = found.find((line) => !wanted.includes(line)) ?? wanted.find((line) => !found.includes(line))
  if (wrong !== undefined) throw new ToolError(`the jars that Maven gave are not those of jars.sha256; the first that differs: ${wrong}`)
}
