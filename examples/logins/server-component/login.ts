// How every service logs in: with the key of its file, to this router alone, and so that nobody in between can pass it on.

import { readFile } from 'node:fs/promises'
import { cryptosign } from 'crosspoint'

export const login = (keyFile: string) =>
  cryptosign({
    privateKey: () => readFile(keyFile, 'utf8'),
    routerKeys: [process.env['ROUTER_PUBLIC_KEY'] ?? ''],
    channelBinding: 'tls-exporter',
    requireChannelBinding: true,
  })
