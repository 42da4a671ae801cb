import { IsEmail, IsIn, IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { USER_ROLES, type UserRole } from '../user.entity.js';

export class CreateUserDto {
  @IsEmail()
  email!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  name!: string;

  @IsIn(USER_ROLES)
  role!: UserRole;
}
