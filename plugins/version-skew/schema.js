const names = (description) => ({
  description,
  type: 'array',
  minItems: 1,
  maxItems: 200,
  uniqueItems: true,
  items: { type: 'string', minLength: 1 },
});

/** The JSON Schema of the parameters. */
export const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Parameters of version-skew',
  type: 'object',
  additionalProperties: false,
  properties: {
    minor_steps: {
      description: 'How many minor versions the requested version may be from one that runs, up or down.',
      type: 'integer',
      minimum: 0,
      default: 1,
    },
    major_steps: {
      description: 'How many major versions it may be away. Between different major versions, minor ones do not count.',
      type: 'integer',
      minimum: 0,
      default: 0,
    },
    environments: names('Compare with what runs in these environments, instead of the one of the request.'),
    targets: names('Compare with what runs in these targets only. Every other one is ignored.'),
    deployments: names('Compare with what runs under these deployment names, instead of the one of the request.'),
    unversioned: {
      description:
        'What a version that is no semantic version does: it denies, it holds until somebody changes that, or what has it is passed over.',
      enum: ['deny', 'hold', 'skip'],
      default: 'deny',
    },
    exempt_intents: {
      description: 'Requests with one of these intents pass, with a warning. The intent is the caller\'s claim.',
      type: 'array',
      uniqueItems: true,
      items: { enum: ['deploy', 'rollback', 'hotfix'] },
      default: [],
    },
  },
};
