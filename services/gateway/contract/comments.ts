import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
  FileRegistry,
} from "@bufbuild/protobuf";

export type Commented = DescMessage | DescField | DescEnum | DescEnumValue | DescService | DescMethod;

/** The comment that stands before an element in its contract, as paragraphs. Empty if there is none. */
export type Comments = (element: Commented) => string;

/** Numbers of fields in google/protobuf/descriptor.proto: the place of an element in its file is a path of them. */
const IN_FILE = { message: 4, enum: 5, service: 6 };
const IN_MESSAGE = { field: 2, message: 3, enum: 4 };
const IN_ENUM = { value: 2 };
const IN_SERVICE = { method: 2 };

/** The comments of all files that were compiled with them. */
export function commentsOf(types: FileRegistry): Comments {
  const byFile = new Map(Array.from(types.files, (file) => [file, commentsIn(file)]));
  return (element) => {
    const file = "file" in element ? element.file : element.parent.file;
    return byFile.get(file)?.get(placeOf(element).join(".")) ?? "";
  };
}

function commentsIn(file: DescFile): ReadonlyMap<string, string> {
  const locations = file.proto.sourceCodeInfo?.location ?? [];
  return new Map(locations.map(({ path, leadingComments }) => [path.join("."), paragraphs(leadingComments)]));
}

/** Inside of a paragraph a line break says only that the line was full. */
function paragraphs(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s*\n\s*/g, " "))
    .join("\n\n");
}

function placeOf(element: Commented): number[] {
  switch (element.kind) {
    case "message":
      return element.parent === undefined
        ? [IN_FILE.message, element.file.messages.indexOf(element)]
        : [...placeOf(element.parent), IN_MESSAGE.message, element.parent.nestedMessages.indexOf(element)];
    case "enum":
      return element.parent === undefined
        ? [IN_FILE.enum, element.file.enums.indexOf(element)]
        : [...placeOf(element.parent), IN_MESSAGE.enum, element.parent.nestedEnums.indexOf(element)];
    case "service":
      return [IN_FILE.service, element.file.services.indexOf(element)];
    case "field":
      return [...placeOf(element.parent), IN_MESSAGE.field, element.parent.fields.indexOf(element)];
    case "enum_value":
      return [...placeOf(element.parent), IN_ENUM.value, element.parent.values.indexOf(element)];
    case "rpc":
      return [...placeOf(element.parent), IN_SERVICE.method, element.parent.methods.indexOf(element)];
  }
}
