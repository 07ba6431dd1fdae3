/** What the tests look at in the OpenAPI document. */

export interface Schema {
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly description?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
}
export interface Content {
  readonly [type: string]: { readonly schema: Schema; readonly example?: object };
}
export interface Response {
  readonly description: string;
  readonly content: Content;
  readonly headers?: object;
}
export interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly schema: Schema }[];
  readonly requestBody: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}
export interface OpenApi {
  readonly tags: readonly { readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
