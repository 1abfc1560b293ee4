// What bin/crosspoint.js runs, from source in a checkout and from dist when installed.

export { main } from '@crosspoint/node'
