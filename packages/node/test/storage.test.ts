import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { Payload } from '@crosspoint/protocol'
import type { StoreFailure, StreamOptions } from '@crosspoint/router'
import { eventStoreSuite, type OpenStore, SeededRandom } from '@crosspoint/testing'
import { openSqliteStores } from '../src/storage/sqlite-event-stores.ts'
import { append, ask, folder, newFile, offsets, openOne, STREAM } from './support/event-stores.ts'

const openInSqlite = async (streams: readonly StreamOptions[]): Promise<OpenStore> => {
  const file = newFile()
  let opened = await openSqliteStores({ file, realms: [{ name: 'realm1', streams }] })
  return {
    store: opened.stores.get('realm1')!,
    reopen: async () => {
      await opened.close()
      opened = await openSqliteStores({ file, realms: [{ name: 'realm1', streams }] })
      return opened.stores.get('realm1')!
    },
    close: () => opened.close(),
  }
}
eventStoreSuite('in SQLite', openInSqlite, true)

describe('a file of events', () => {
  test('several realms share it, and see nothing of each other', async () => {
    const realms = ['one', 'two'].map((name) => ({ name, streams: [STREAM] }))
    const { stores, close } = await openSqliteStores({ file: newFile(), realms })
    await append(stores.get('one')!, 1)
    assert.deepEqual([await offsets(stores.get('one')!), await offsets(stores.get('two')!)], [[1], []])
    await close()
  })

  test('kill -9: every acknowledged event is there afterwards, and positions of before count no more', {
    timeout: 120_000,
  }, async (context) => {
    const seed = Number(process.env['SEED'] ?? Date.now())
    context.diagnostic(`seed ${seed}`)
    const random = new SeededRandom(seed)
    const file = newFile()
    let epoch = ''
    for (let round = 0; round < 10; round++) {
      const acknowledged = await writeUntilKilled(file, 1 + random.below(400))
      const { stores, close } = await openOne(file)
      const store = stores.get('realm1')!
      const found = new Set(await offsets(store))
      for (const offset of acknowledged)
        assert.ok(found.has(offset), `seed ${seed}, round ${round}: ${offset} was acknowledged and is lost`)
      assert.equal(store.streams[0]!.offset, Math.max(...found))
      assert.notEqual(store.streams[0]!.epoch, epoch)
      epoch = store.streams[0]!.epoch
      await close()
    }
  })

  test('a second process, or node, is told that the first has it', async () => {
    const file = newFile()
    const first = await openOne(file)
    const second = await openOne(file)
    assert.match(second.failure!, /another process has it open: stop that one/)
    assert.match((await append(second.stores.get('realm1')!, 1))!.failure, new RegExp(`^${file}: .*another process`))
    assert.equal(await append(first.stores.get('realm1')!, 1), undefined, 'the first goes on')
    await second.close()
    await first.close()
  })

  test('a lock that goes: from then on events are kept', async () => {
    const file = newFile()
    const other = new DatabaseSync(file)
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE somebody (x); BEGIN EXCLUSIVE')
    const opened = await openOne(file)
    const store = opened.stores.get('realm1')!
    assert.match(opened.failure!, /another process/)
    assert.match((await append(store, 1))!.failure, /another process/)
    other.exec('COMMIT')
    other.close()
    let failure: StoreFailure | undefined = { failure: '' }
    for (let offset = 2; failure !== undefined && offset < 2_000; offset++) {
      failure = await append(store, offset)
      if (failure !== undefined) await new Promise((resolve) => setTimeout(resolve, 20)) // it is tried once a second
    }
    assert.equal(failure, undefined)
    assert.equal((await offsets(store)).length, 1)
    await opened.close()
  })

  test('a damaged file, no SQLite file and a directory keep nobody from starting; the file is not touched', async () => {
    const damaged = newFile()
    const before = await openOne(damaged)
    for (let n = 1; n <= 200; n++) await append(before.stores.get('realm1')!, n)
    await before.close()
    const bytes = readFileSync(damaged)
    bytes.fill(0xa5, 4_096)
    writeFileSync(damaged, bytes)
    const text = newFile()
    writeFileSync(text, 'This is a letter, and no database at all. '.repeat(100))
    const directory = newFile()
    mkdirSync(directory)
    for (const [file, remedy] of [
      [damaged, /damaged: move it away/],
      [text, /no SQLite file: move it away/],
      [directory, /is a file that this user can write/],
    ] as const) {
      const opened = await openOne(file)
      const store = opened.stores.get('realm1')!
      const failure = opened.failure ?? (await append(store, 1))?.failure ?? ((await ask(store)) as StoreFailure).failure
      assert.match(failure, remedy)
      await opened.close()
    }
    assert.match(readFileSync(text, 'utf8'), /^This is a letter/)
  })

  // Only root can make a small disk, as CI is.
  const asRoot = process.getuid?.() === 0 ? test : () => {}
  void asRoot('a full disk: what does not fit is said to be lost, and when there is room events are kept again', async (context) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small], { stdio: 'pipe' })
    context.after(() => execFileSync('umount', [small]))
    const opened = await openOne(join(small, 'events.sqlite'))
    const store = opened.stores.get('realm1')!
    const filler = join(small, 'filler')
    assert.equal(await append(store, 1), undefined)
    const room = statfsSync(small)
    writeFileSync(filler, new Uint8Array(room.bavail * room.bsize))
    const large = Payload.of(['x'.repeat(20_000)])
    let failure: StoreFailure | undefined
    let offset = 1
    while (failure === undefined) failure = await append(store, ++offset, large)
    assert.match(failure.failure, /the disk is full: make room/)
    rmSync(filler)
    assert.equal(await append(store, ++offset, large), undefined)
    const found = await offsets(store)
    assert.ok(found.includes(1) && found.includes(offset) && !found.includes(offset - 1))
    await opened.close()
  })

  test('more than pendingBytesMax on its way: an append fails at once, and says so', async () => {
    const opened = await openOne(newFile(), { pendingBytesMax: 10_000 })
    const store = opened.stores.get('realm1')!
    const large = Payload.of(['x'.repeat(4_000)])
    const answers = await Promise.all([1, 2, 3, 4].map((offset) => append(store, offset, large)))
    assert.deepEqual(
      answers.map((answer) => answer === undefined),
      [true, true, false, false],
    )
    assert.match(answers[2]!.failure, /wait to be written, which is the limit/)
    assert.equal(await append(store, 5, large), undefined, 'and then there is room again')
    await opened.close()
  })
})

/** Starts a writer, kills it after so many acknowledgements; the numbers that it acknowledged. */
async function writeUntilKilled(file: string, count: number): Promise<number[]> {
  const program = join(import.meta.dirname, 'support/storage-writer-process.ts')
  const child = spawn(process.execPath, ['--conditions=@crosspoint/source', program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  let lines = 0
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString()
    lines += data.toString().split('\n').length - 1
    if (lines >= count) child.kill('SIGKILL')
  })
  await new Promise((resolve) => child.on('close', resolve))
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').filter(Boolean).map(Number)
}
