// The one package that a user installs: the client framework for Node.js, and what a configuration needs.

export * from '@crosspoint/client/node'
export { defineNode, type NodeConfig, type PrincipalFunction } from '@crosspoint/node'
