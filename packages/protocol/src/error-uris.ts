// Predefined error and close URIs (requirements ERR-01 … ERR-32, SES-18 … SES-20).

export const ErrorUri = {
  invalidUri: 'wamp.error.invalid_uri',
  noSuchProcedure: 'wamp.error.no_such_procedure',
  procedureAlreadyExists: 'wamp.error.procedure_already_exists',
  noSuchRegistration: 'wamp.error.no_such_registration',
  noSuchSubscription: 'wamp.error.no_such_subscription',
  noSuchSession: 'wamp.error.no_such_session',
  invalidArgument: 'wamp.error.invalid_argument',
  runtimeError: 'wamp.error.runtime_error',
  canceled: 'wamp.error.canceled',
  timeout: 'wamp.error.timeout',
  payloadSizeExceeded: 'wamp.error.payload_size_exceeded',
  notAuthorized: 'wamp.error.not_authorized',
  authorizationFailed: 'wamp.error.authorization_failed',
  noSuchRealm: 'wamp.error.no_such_realm',
  noSuchRole: 'wamp.error.no_such_role',
  noMatchingAuthMethod: 'wamp.error.no_matching_auth_method',
  protocolViolation: 'wamp.error.protocol_violation',
  discloseMeDisallowed: 'wamp.error.option_disallowed.disclose_me',
  optionNotAllowed: 'wamp.error.option_not_allowed',
  featureNotSupported: 'wamp.error.feature_not_supported',
  networkFailure: 'wamp.error.network_failure',
  unavailable: 'wamp.error.unavailable',
  noAvailableCallee: 'wamp.error.no_available_callee',
  historyUnavailable: 'wamp.error.history_unavailable',
  cannotAuthenticate: 'wamp.error.cannot_authenticate',
} as const

export const CloseUri = {
  closeRealm: 'wamp.close.close_realm',
  goodbyeAndOut: 'wamp.close.goodbye_and_out',
  systemShutdown: 'wamp.close.system_shutdown',
  killed: 'wamp.close.killed',
  normal: 'wamp.close.normal',
} as const
