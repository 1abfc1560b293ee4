// The specification's vectors of cryptosign (AUTH-80 … AUTH-86), all hexadecimal.

export interface SignatureVector {
  readonly id: string
  readonly seed: string
  readonly publicKey: string
  readonly challenge: string
  readonly channelId: string | undefined
  /** R ‖ S; the message signed follows it on the wire. */
  readonly signature: string
}

const CHANNEL_ID = '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff'
const ONE = {
  seed: '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510',
  publicKey: '1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d',
  challenge: 'ff'.repeat(32),
}
const TWO = {
  seed: 'd511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd',
  publicKey: '6ed32739ff04a6074044ff0b0e3bfc7c856bc9d5f1d25efc57363bda0af3a8b0',
  challenge: 'b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d',
}
const THREE = {
  seed: '6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b',
  publicKey: '28e11f427b82b9a625ee7ac89a7d29326b505f2dc11dd88c1245f83b6da79a85',
  challenge: 'b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2',
}

export const SIGNATURE_VECTORS: readonly SignatureVector[] = [
  {
    id: 'AUTH-80',
    ...ONE,
    channelId: undefined,
    signature:
      'b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0c' +
      'ae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03',
  },
  {
    id: 'AUTH-81',
    ...TWO,
    channelId: undefined,
    signature:
      'd4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372' +
      '190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f',
  },
  {
    id: 'AUTH-82',
    ...THREE,
    channelId: undefined,
    signature:
      '7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1e' +
      'c184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b',
  },
  {
    id: 'AUTH-83',
    ...ONE,
    channelId: CHANNEL_ID,
    signature:
      '9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3' +
      'e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f',
  },
  {
    id: 'AUTH-84',
    ...TWO,
    channelId: CHANNEL_ID,
    signature:
      '305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a42' +
      '7c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01',
  },
  {
    id: 'AUTH-85',
    ...THREE,
    channelId: CHANNEL_ID,
    signature:
      'ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4' +
      'd2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608',
  },
]

export interface ExchangeVector {
  readonly name: string
  readonly clientKey: string
  readonly routerKey: string
  readonly channelId: string | undefined
  readonly challenge: string
  /** 96 bytes: what the client answered. */
  readonly answer: string
  /** What the client asked the router to sign, and its answer of 96 bytes. */
  readonly routerChallenge?: string
  readonly routerAnswer?: string
}

const CLIENT_KEY = '545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122'
const ROUTER_KEY = '4a3838f6fe75251e613329d53fc69b262d5eac97fb1d73bebbaed4015b53c862'

/** AUTH-86: the exchanges printed in the text, whose private keys are not. */
export const EXCHANGE_VECTORS: readonly ExchangeVector[] = [
  {
    name: 'basic message flow',
    clientKey: CLIENT_KEY,
    routerKey: ROUTER_KEY,
    channelId: undefined,
    challenge: 'fa034062ad76352b53a25358854577730db82f367aa439709c91296d04a5716c',
    answer:
      'e2f0297a193b63b7a4a92028e9e2e6107f82730560d54a657bd982cb4b315149' +
      '0399debbbde998e494d3c3b2a5e2e91271291e10dee85a6cfaa127885ddd8b0a' +
      'fa034062ad76352b53a25358854577730db82f367aa439709c91296d04a5716c',
  },
  {
    name: 'example 1',
    clientKey: CLIENT_KEY,
    routerKey: ROUTER_KEY,
    channelId: undefined,
    challenge: '0e9192bc08512c8198da159c1ae600ba91729215f35d56102ee318558e773537',
    answer:
      'a3a178fe792ed772a8fc092f8341e455de96670c8901264a7c312dbf940d5743' +
      '626fe9fbc29b23dcd2169b308eca309de85a89ccd296b24835de3d95b16b7703' +
      '0e9192bc08512c8198da159c1ae600ba91729215f35d56102ee318558e773537',
    routerChallenge: 'bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb',
    routerAnswer:
      'fd5128d2d207ba58a9d1d6f41b72c747964ad9d1294077b3b1eee6130b05843a' +
      'b12c53c7f2519f73d4feb82db19d8ca0fc26b62bde6518e79a882f5795bc9f00' +
      'bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb',
  },
  {
    name: 'example 2, bound to the channel',
    clientKey: CLIENT_KEY,
    routerKey: ROUTER_KEY,
    channelId: 'e973bee24dcea9e20625f949c0e3cd28d632ccbefe4907c2fac2728710f7b160',
    challenge: '358625312c6c3bf64ed51d17d210ce21af1639c774cabf5735a9651d7d91fc6a',
    answer:
      '25114474580d6e99a6126b091b4565c23db567d686c5b8c3a94e3f2f09dc8030' +
      '0c5b40a124236733fa56396df721eb12ac092362379bd5b27b4db9e2beaa1408' +
      'dcf59bd361a2921448f0e45e12f303097924f5798a83b895cf6b179a6d664d0a',
    routerChallenge: '4f861f12796c2972b7b0026522a687aa851d90355122a61d4f1fdce4d06b564f',
    routerAnswer:
      'aa05f4cd7747d36b79443f1d4703a681e107edc085d876b508714e2a3a8135ba' +
      'caae1c018452c4acb3ad2818aa97a6d23e5ac7e3734c7b1f40e6232a70938205' +
      'a6f5a1f034a28090b195fb2ce2454a82532f5c8baf6ba1dfb5ddae63c09ce72f',
  },
  {
    name: 'example 3, bound to the channel',
    clientKey: '12ae0184b180e9a9c5e45be4a1afbce3c6491320063701cd9c4011a777d04089',
    routerKey: ROUTER_KEY,
    channelId: 'bd5b9ef32d574c39617a2e3cbf0844859165acb9443b1d7b49a004b68b82281e', // implied, not printed
    challenge: 'e4b40f72f9604754789d472225483bace926b9668d72c9122545e540d8d98f23',
    answer:
      '16c89629e72aff3f44661e701341b2221a2fa9d93205826fad85e70d3a8dab70' +
      'a8f54314c14d470ebeb77a0dd16c833928c01134a52b2e73862b7d3f258b6000' +
      '59ef9181d4370b6d19e7691e9a407f29784315dfc949d4696ce5e1f6535ba73d',
    routerChallenge: '2763e7fdb1c34a74e8497daf6c913744d11161a94cec3b16aeec60a788612e17',
    routerAnswer:
      'ce456092998d796533d7ef2bab543300409d161066c9520c9284df6bbfb82947' +
      'b37fb78d69fd56e5118afec62e35e015c60569af2e18ed92fedc738552242d03' +
      '9a38790e9c94064d89335393d39973c14074cd1008d7266de74c641103e30609',
  },
]
