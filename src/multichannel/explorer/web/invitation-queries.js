export const VIEWER = "{ viewer { tenantKind roles } }";

export const REDEEM_AS_CUSTOMER = `mutation Redeem($input: RedeemInvitationInput!) {
  redeemInvitation(input: $input) { resellerRelationship { id } userErrors { code message } } }`;

export const REDEEM_AS_RESELLER = `mutation Redeem($input: RedeemResellerInvitationInput!) {
  redeemResellerInvitation(input: $input) { partnership { id } userErrors { code message } } }`;

const REQUEST = `
  id status viewerCan requestedAt expiresAt cloud delegatedAdminRequested
  partner { id name type domain isDomainVerified market }
  ifAccepted { right type actions total ids }
  delegatedAdminGrants(first: 10) { nodes { status rights duration autoExtend } }`;

export const RELATIONSHIP = `query Relationship($id: ID!) {
  node(id: $id) { ... on ResellerRelationship {
    ${REQUEST}
    customer { companyName domains { name isVerified } agreements(first: 1) { totalCount } }
  } }
  resellerRelationships(first: 20, filter: { status: { eq: REQUESTED } }) {
    nodes { ${REQUEST} associatedPartner { id } }
  } }`;

export const NAMES = `query Names($ids: [ID!]!) {
  nodes(ids: $ids) { id ... on Subscription { friendlyName } ... on User { displayName } } }`;

export const PARTNERSHIP = `query Partnership($id: ID!) {
  node(id: $id) { ... on Partnership { id status viewerCan market provider { name domain isDomainVerified market } } } }`;

export const ACCEPT = `mutation Accept($input: AcceptResellerRelationshipInput!) {
  acceptResellerRelationship(input: $input) {
    resellerRelationship { status } userErrors { code message path } } }`;

export const DECLINE = `mutation Decline($input: DeclineResellerRelationshipInput!) {
  declineResellerRelationship(input: $input) {
    resellerRelationship { status } userErrors { code message path } } }`;

export const JOIN = `mutation Join($input: AcceptPartnershipInput!) {
  acceptPartnership(input: $input) { partnership { status } userErrors { code message path } } }`;
