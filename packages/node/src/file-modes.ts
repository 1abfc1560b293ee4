// Who may read a file that holds secrets.

const OTHERS_MAY_READ = 0o004

/** What is wrong with the mode of a file with secrets, and what would be right; undefined when others cannot read it. */
export function modeFault(path: string, mode: number): string | undefined {
  // Windows has other ways to say this, and every file has this mode there.
  if ((mode & OTHERS_MAY_READ) === 0 || process.platform === 'win32') return undefined
  return `every user of this machine can read it (mode ${(mode & 0o777).toString(8)}), and it holds secrets; run chmod 600 ${path}`
}
