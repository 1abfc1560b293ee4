// Installs foreign libraries into the cache folder, at the versions that installs/ pins.

import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Built, buildOnce, runTool, ToolError } from './build-tools.ts'
import { CACHE } from './environment.ts'

const INSTALLS = join(import.meta.dirname, 'installs')

/**
 * A virtual environment with everything of installs/NAME/requirements.txt in it.
 *
 * @param name - "autobahn", "xconn" or "crossbar"
 * @returns its folder, or the reason when there is no Python 3 with venv or a package cannot be had
 * @example
 * const built = await pythonWith('xconn')
 * if ('folder' in built) spawn(join(built.folder, 'bin/python'), ['peer.py'])
 */
export async function pythonWith(name: string): Promise<Built> {
  try {
    const version = await runTool('python3', ['--version'])
    const [sources, target] = [join(INSTALLS, name), join(CACHE, `python-${name}`)]
    return await buildOnce(sources, target, version, async () => {
      console.log(`Making a virtual environment with ${name} …`)
      await runTool('python3', ['-m', 'venv', target])
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', join(sources, 'requirements.txt')]
      await runTool(join(target, 'bin/python'), pip)
    })
  } catch (error) {
    if (error instanceof ToolError) return { reason: error.message }
    throw error
  }
}

/** A folder with node_modules as installs/NAME/package-lock.json says, or the reason when npm cannot make it. */
export function nodeModulesWith(name: string): Promise<Built> {
  const [sources, target] = [join(INSTALLS, name), join(CACHE, `npm-${name}`)]
  return buildOnce(sources, target, '', async () => {
    console.log(`Installing ${name} …`)
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(sources, file), join(target, file))
    const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=optional']
    // npm stands beside the Node that runs this, or on the PATH.
    const path = `${dirname(process.execPath)}:${process.env['PATH']}`
    await runTool('npm', npm, { folder: target, environment: { PATH: path } })
  })
}
