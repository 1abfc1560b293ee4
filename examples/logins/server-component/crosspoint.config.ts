import { defineNode } from 'crosspoint'

export default defineNode({
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [
        {
          name: 'realm1',
          roles: [
            { name: 'orders', permissions: [{ uri: 'com.example.orders.*', allow: { register: true, publish: true } }] },
            { name: 'shop', permissions: [{ uri: 'com.example.orders.place', allow: { call: true }, disclose: { caller: true } }] },
          ],
        },
      ],
      transports: [
        {
          type: 'rawsocket',
          endpoint: { type: 'tcp', port: Number(process.env['PORT'] ?? 8443), tls: { key: './tls.key', certificate: './tls.pem' } },
          auth: {
            cryptosign: {
              type: 'static',
              routerKey: './router.key',
              'channel-binding': 'required',
              principals: {
                orders: { authorized_keys: ['${ORDERS_PUBLIC_KEY}'], role: 'orders' },
                shop: { authorized_keys: ['${SHOP_PUBLIC_KEY}'], role: 'shop' },
              },
            },
          },
        },
      ],
    },
  ],
})
