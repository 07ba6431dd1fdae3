/** Messages as JSON Schema (2020-12, which is that of OpenAPI 3.1), in the JSON form of protobuf. */

import { type DescEnum, type DescField, type DescMessage, type JsonObject, ScalarType } from "@bufbuild/protobuf";
import type { Comments } from "../contract/comments.ts";
import { type FieldRules, rulesOf } from "../contract/rules.ts";
import { exampleOf } from "./examples.ts";

export interface Schemas {
  /** A reference to the schema of a message, which is made when it is first referred to. */
  reference(message: DescMessage): JsonObject;
  /** The schema of a field, with its comment, limits and example. */
  ofField(field: DescField): JsonObject;
  /** All that has been referred to, by name: the `components.schemas` of the document. */
  readonly components: JsonObject;
}

/** Messages that have a JSON form of their own. */
const WELL_KNOWN: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  // Names of fields, with commas between them.
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
};

const TIME_OF_DAY = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
const END_OF_RANGE = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";

/**
 * The empty text stands for none. Which characters can be seen, the services know better (`VISIBLE_PATTERN`): not every language
 * that reads this document knows the properties of Unicode, and a pattern that it cannot read is worse than a wide one.
 */
const VISIBLE = "^$|\\S";

export function openSchemas(comments: Comments): Schemas {
  const components: JsonObject = {};

  function reference(type: DescMessage | DescEnum): JsonObject {
    if (components[type.typeName] === undefined) {
      // Entered before it is made: a message may hold messages of its own type.
      components[type.typeName] = {};
      components[type.typeName] = type.kind === "enum" ? enumSchema(type) : messageSchema(type);
    }
    return { $ref: `#/components/schemas/${type.typeName}` };
  }

  function messageSchema(message: DescMessage): JsonObject {
    return {
      type: "object",
      description: comments(message),
      properties: Object.fromEntries(message.fields.map((field) => [field.jsonName, ofField(field)])),
    };
  }

  function enumSchema(type: DescEnum): JsonObject {
    const values = type.values.map((value) => `- \`${value.name}\`: ${comments(value)}`);
    const description = [comments(type), values.join("\n")].join("\n\n");
    return { type: "string", description, enum: type.values.map(({ name }) => name) };
  }

  function ofField(field: DescField): JsonObject {
    const example = exampleOf(field);
    return {
      ...typeOf(field),
      description: comments(field),
      ...(example === undefined ? {} : { examples: [example] }),
    };
  }

  function typeOf(field: DescField): JsonObject {
    switch (field.fieldKind) {
      case "list":
        return { type: "array", items: singleType(field), ...lengthOf(field) };
      case "map":
        return { type: "object", additionalProperties: { ...singleType(field), ...limitsOf(field) }, ...keysOf(field) };
      default:
        return { ...singleType(field), ...limitsOf(field) };
    }
  }

  function lengthOf(field: DescField): JsonObject {
    const { maxItems } = rulesOf(field);
    return maxItems === undefined ? {} : { maxItems };
  }

  function keysOf(field: DescField): JsonObject {
    const { maxItems, keys } = rulesOf(field);
    return {
      ...(maxItems === undefined ? {} : { maxProperties: maxItems }),
      ...(keys === undefined ? {} : { propertyNames: namesWith(keys) }),
    };
  }

  function singleType(field: DescField): JsonObject {
    if (field.message !== undefined) return WELL_KNOWN[field.message.typeName] ?? reference(field.message);
    if (field.enum !== undefined) return reference(field.enum);
    return scalarType(field.scalar);
  }

  function limitsOf(field: DescField): JsonObject {
    const { isUuid, isEmail, isDate, isVisible, isRequired, timeOfDay, range, maxLength } = rulesOf(field);
    // A number of 64 bits is a text in JSON, and has no minimum there.
    const isText = field.fieldKind === "scalar" && field.scalar === ScalarType.INT64;
    return {
      ...(isUuid ? { format: "uuid" } : {}),
      ...(isEmail ? emailSchema(isRequired) : {}),
      ...(isDate ? { format: "date" } : {}),
      ...(isVisible ? { pattern: VISIBLE } : {}),
      ...(timeOfDay === undefined ? {} : { pattern: timeOfDay.follows === undefined ? TIME_OF_DAY : END_OF_RANGE }),
      ...(range === undefined || isText
        ? {}
        : { minimum: range.zeroIsUnset === true ? 0 : range.min, maximum: range.max }),
      ...(maxLength === undefined ? {} : { maxLength }),
    };
  }

  return { reference, ofField, components };
}

/** Where an address is not required, the empty text stands for none. */
function emailSchema(isRequired: boolean): JsonObject {
  return isRequired ? { format: "email" } : { anyOf: [{ format: "email" }, { maxLength: 0 }] };
}

function namesWith({ maxLength, without }: NonNullable<FieldRules["keys"]>): JsonObject {
  const pattern = without.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return { minLength: 1, maxLength, ...(without === "" ? {} : { not: { pattern } }) };
}

function scalarType(scalar: ScalarType | undefined): JsonObject {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.UINT32:
      return { type: "integer", format: "int32" };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.UINT64:
      // A string: not every number of 64 bits is a number of JavaScript.
      return { type: "string", format: "int64", pattern: "^-?[0-9]+$" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.BYTES:
      return { type: "string", format: "byte" };
    default:
      return { type: "string" };
  }
}
