/** Something that the person at the keyboard can put right: shown as its one line, without a stack. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}
