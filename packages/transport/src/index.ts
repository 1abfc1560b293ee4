// The public door: listeners for routers, connections for clients.
//
// createListener(options: ListenerOptions): Listener { listen(): Promise<void>; address: string; port; close(): Promise<void> }
// connectRawSocket({ host, port } | { path }, …): Promise<Transport>

export * from './options.ts'
