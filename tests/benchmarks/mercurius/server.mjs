// The peer: Fastify and Mercurius with JIT, batched loaders, CASL rules translated to SQL, and node-postgres with
// prepared statements. It serves the measured questions about the same tables, under the same rules, with the same answers.
// It prints its port. The first argument is JSON: {host, user, database, token, partner}.
import { AbilityBuilder, buildMongoQueryMatcher, createMongoAbility } from '@casl/ability'
import { rulesToAST } from '@casl/ability/extra'
import { $and, $or, and, or } from '@ucast/mongo2js'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import pg from 'pg'

const settings = JSON.parse(process.argv[2])
const TIMESTAMP_WITH_ZONE = 1184
pg.types.setTypeParser(TIMESTAMP_WITH_ZONE, text => text.replace(' ', 'T').replace('+00', text.includes('.') ? 'Z' : '.000000Z'))
const pool = new pg.Pool({
  host: settings.host, user: settings.user, database: settings.database, max: 8,
  options: '-c random_page_cost=1.1 -c timezone=UTC -c jit=off'
})

const conditionsMatcher = buildMongoQueryMatcher({ $and, $or }, { and, or })
function abilityOf (partner) {
  const { can, build } = new AbilityBuilder(createMongoAbility)
  const active = { $elemMatch: { partner_id: partner, status: 'active' } }
  can('read', 'Customer', { relationships: active })
  can('read', 'Subscription', {
    $or: [
      { channel: 'csp', billing_partner_id: partner },
      { support_contact_id: partner },
      { channel: { $ne: 'csp' }, recorded_by: 'partner', owner_id: partner },
      { channel: { $ne: 'csp' }, recorded_by: 'customer', customer_relationships: active }
    ]
  })
  return build({ conditionsMatcher })
}

const RELATIONS = {
  relationships: ['reseller_relationships', 'customer_id', 'id'],
  customer_relationships: ['reseller_relationships', 'customer_id', 'customer_id']
}
function toSql (node, alias, values) {
  const parameter = value => `$${values.push(value)}`
  const each = joint => '(' + node.value.map(part => toSql(part, alias, values)).join(joint) + ')'
  switch (node.operator) {
    case 'and': return each(' AND ')
    case 'or': return each(' OR ')
    case 'eq': return `${alias}.${node.field} = ${parameter(node.value)}`
    case 'ne': return `${alias}.${node.field} <> ${parameter(node.value)}`
    case 'elemMatch': {
      const [table, foreignKey, key] = RELATIONS[node.field]
      const inner = toSql(node.value, 'related', values)
      return `EXISTS (SELECT FROM ${table} related WHERE related.${foreignKey} = ${alias}.${key} AND ${inner})`
    }
    default: throw new Error(`unknown operator ${node.operator}`)
  }
}
const where = (ability, type, alias, values) => toSql(rulesToAST(ability, 'read', type), alias, values)

const prepared = new Map()
async function rows (text, values) {
  let name = prepared.get(text)
  if (name === undefined) prepared.set(text, name = `s${prepared.size}`)
  return (await pool.query({ name, text, values })).rows
}

const CUSTOMER = `'customer_' || c.id AS id, c.id AS key, c.company_name AS "companyName", c.domain, c.market,
  upper(c.cloud) AS cloud, upper(c.qualification) AS qualification, c.email, c.city, c.country, c.created_at AS "createdAt"`
const SUBSCRIPTION = `'subscription_' || s.id AS id, s.customer_id AS "customerKey", s.friendly_name AS "friendlyName",
  s.offer_name AS "offerName", upper(s.status) AS status, upper(s.channel) AS channel, s.quantity,
  s.created_at AS "createdAt", s.commitment_end_date AS "commitmentEndDate"`

function customers (ability, first) {
  const values = [first]
  return rows(`SELECT ${CUSTOMER} FROM customers c WHERE ${where(ability, 'Customer', 'c', values)} ORDER BY c.id LIMIT $1`, values)
}
function customersById (ability, ids) {
  const values = [ids]
  return rows(`SELECT ${CUSTOMER} FROM customers c WHERE c.id = ANY ($1::uuid[]) AND ${where(ability, 'Customer', 'c', values)}`, values)
}
function subscriptionsOf (ability, ids, first) {
  const values = [ids, first]
  return rows(`SELECT found.* FROM unnest($1::uuid[]) AS given(id) CROSS JOIN LATERAL (SELECT ${SUBSCRIPTION} FROM subscriptions s
    WHERE s.customer_id = given.id AND ${where(ability, 'Subscription', 's', values)} ORDER BY s.id LIMIT $2) found`, values)
}
async function subscriptionById (ability, id) {
  const values = [id]
  const found = await rows(`SELECT ${SUBSCRIPTION} FROM subscriptions s WHERE s.id = $1 AND ${where(ability, 'Subscription', 's', values)}`, values)
  return found.length > 0 ? { __typename: 'Subscription', ...found[0] } : null
}

const typeDefs = `
  interface Node { id: ID! }
  type Query { customers(first: Int): CustomerConnection!  node(id: ID!): Node }
  type CustomerConnection { nodes: [Customer!]! }
  type SubscriptionConnection { nodes: [Subscription!]! }
  type Customer implements Node {
    id: ID!  companyName: String  domain: String  market: String  cloud: String  qualification: String
    email: String  city: String  country: String  createdAt: String
    subscriptions(first: Int): SubscriptionConnection!
  }
  type Subscription implements Node {
    id: ID!  friendlyName: String  offerName: String  status: String  channel: String  quantity: Int
    createdAt: String  commitmentEndDate: String  customer: Customer
  }`

const app = Fastify({ logger: false })
app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  graphiql: false,
  context: request => {
    if (request.headers.authorization !== `Bearer ${settings.token}`) throw new Error('unauthenticated')
    return { ability: abilityOf(settings.partner) }
  },
  resolvers: {
    Query: {
      customers: async (_, { first }, { ability }) => ({ nodes: await customers(ability, first) }),
      node: (_, { id }, { ability }) => subscriptionById(ability, id.slice('subscription_'.length))
    }
  },
  loaders: {
    Customer: {
      subscriptions: {
        opts: { cache: false },
        async loader (queries, { ability }) {
          const found = await subscriptionsOf(ability, queries.map(query => query.obj.key), queries[0].params.first)
          const byCustomer = new Map(queries.map(query => [query.obj.key, []]))
          for (const each of found) byCustomer.get(each.customerKey).push(each)
          return queries.map(query => ({ nodes: byCustomer.get(query.obj.key) }))
        }
      }
    },
    Subscription: {
      customer: {
        opts: { cache: false },
        async loader (queries, { ability }) {
          const found = await customersById(ability, [...new Set(queries.map(query => query.obj.customerKey))])
          const byId = new Map(found.map(each => [each.key, each]))
          return queries.map(query => byId.get(query.obj.customerKey) ?? null)
        }
      }
    }
  }
})
const address = await app.listen({ port: 0, host: '127.0.0.1' })
console.log(new URL(address).port)
